// The texts of the view that loads the target and runs the plan, in German; loaded with it.
import type { RunStrings } from "./run.en";

const number = (value: number) => value.toLocaleString("de");
const many = (count: number, one: string, more: string) => `${number(count)} ${count === 1 ? one : more}`;

export const de: RunStrings = {
  runText:
    "Nur hier benutzt die Seite das Netz: Sie lädt das Ziel von dem Server, der sie liefert, und führt dort den Plan aus. Das Token bleibt in der Seite, bis sie geschlossen wird, und wird nirgends gespeichert.",
  runNoServer:
    "Diese Seite wurde aus einer Datei geöffnet: Es gibt keinen Server, der das Ziel nennt oder den Plan ausführt. Exportieren Sie die Anfragen, oder öffnen Sie die Seite über https.",
  runElsewhere: (target) =>
    target
      ? "Das Ziel in diesem Plan stammt nicht von diesem Server, der dessen Kennungen nicht kennt. Laden Sie es zuerst."
      : "Dieser Plan kennt kein Ziel. Laden Sie es zuerst, sonst kann nicht erstellt werden, wer schon da ist.",
  runRelease: (count) => `Diese ${number(count)} Deaktivierungen und Löschungen trotzdem senden`,
  runOutdated:
    "Der Server enthält jetzt anderes, als dieser Plan weiß. Laden Sie das Ziel erneut, bevor Sie mehr senden.",
  runNothing: "Es gibt nichts zu senden.",
  runWhat: "Wird wirklich gesendet, in dieser Reihenfolge, an",
  runOrder: "Zuletzt folgen Vorgesetzte und Mitglieder, die auf eben Erstellte verweisen.",
  runLeftOut: (count) =>
    `${many(count, "Anfrage, die Sie ausgenommen haben, bleibt", "Anfragen, die Sie ausgenommen haben, bleiben")} aus.`,
  runSwitch: "Ich will diese Anfragen senden. Nichts nimmt sie zurück.",
  runSend: (count) => `${many(count, "Anfrage", "Anfragen")} senden`,
  runStop: "Anhalten",
  runStopping: "Wird angehalten …",
  runProgress: (done, total) => `${number(done)} von ${many(total, "Anfrage", "Anfragen")}`,
  runRemaining: (seconds) =>
    seconds < 90
      ? `noch etwa ${many(Math.ceil(seconds), "Sekunde", "Sekunden")}`
      : `noch etwa ${number(Math.round(seconds / 60))} Minuten`,
  runRest: (seconds) => `Der Server bittet um eine Pause; weiter in ${many(seconds, "Sekunde", "Sekunden")}.`,
  runEnd: {
    done: "Der Plan wurde ausgeführt.",
    stopped: "Angehalten.",
    refused: "Beendet: Der Server nimmt dieses Token nicht an, oder nicht für Änderungen.",
    silent: "Beendet: Der Server antwortet nicht.",
    crashed: "Beendet: Die Engine blieb stehen. Laden Sie das Ziel erneut, um zu sehen, was getan wurde.",
  },
  runSummed: (done, failed, skipped) =>
    `${many(done, "Anfrage", "Anfragen")} ausgeführt, ${number(failed)} fehlgeschlagen, ${number(skipped)} nicht gesendet.`,
  runCounts: "Anfragen nach Aktion und Status",
  runStatus: { Success: "Erfolg", Failure: "Fehler", Skipped: "Übersprungen" },
  runLog: "Protokoll",
  runLogAll: "Alle",
  runLogMore: (count) => `${number(count)} ältere stehen in den Dateien.`,
  runColumns: ["Zeit", "Aktion", "Identität", "Anfrage", "Status", "Einzelheit", "Dauer"],
  runTries: (count) => `${number(count)} Versuche`,
  runCsv: "Protokoll (CSV)",
  runNdjson: "Protokoll (NDJSON)",
  runAgain: "Das Ziel erneut laden",
  loadTarget: "Das Ziel vom Server laden, der diese Seite liefert",
  loadTargetSwitch: "Anfragen an den eigenen Server dieser Seite erlauben",
  token: "Geheimes Token",
  load: "Laden",
  loadedTarget: (count) => `${many(count, "Ressource", "Ressourcen")} geladen.`,
  loadFailed: (status) => `Der Server antwortete ${status}`,
  loadTooMany: (count, most) =>
    `Der Server hält ${number(count)} von einer Art, die Seite liest höchstens ${number(most)}; \`provisor cycle\` verwenden`,
};
