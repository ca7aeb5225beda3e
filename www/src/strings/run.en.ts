// The texts of the view that loads the target and runs the plan, in English; loaded with it.
const number = (value: number) => value.toLocaleString("en");
const many = (count: number, one: string, more: string) => `${number(count)} ${count === 1 ? one : more}`;

export const en = {
  runText:
    "Only here does this page use the network: it loads the target from the server that serves the page, and runs the plan there. The token stays in this page until it is closed and is stored nowhere.",
  runNoServer:
    "This page was opened from a file: there is no server to load the target from or to run the plan on. Export the requests, or open the page over https.",
  runElsewhere: (target: boolean): string =>
    target
      ? "The target in this plan was not loaded from this server, which does not know its ids. Load it first."
      : "This plan knows no target. Load it first, or whoever is there already cannot be created.",
  runRelease: (count: number) => `Send these ${number(count)} disables and deletes all the same`,
  runOutdated:
    "The server holds something else now than this plan knows. Load the target again before you send more.",
  runNothing: "There is nothing to send.",
  runWhat: "Really sent, in this order, to",
  runOrder: "At last come managers and members that refer to somebody just created.",
  runLeftOut: (count: number) =>
    `${many(count, "request that you left out stays", "requests that you left out stay")} out.`,
  runSwitch: "I want to send these requests. Nothing takes them back.",
  runSend: (count: number) => `Send ${many(count, "request", "requests")}`,
  runStop: "Stop",
  runStopping: "Stopping…",
  runProgress: (done: number, total: number) => `${number(done)} of ${many(total, "request", "requests")}`,
  runRemaining: (seconds: number) =>
    seconds < 90
      ? `about ${many(Math.ceil(seconds), "second", "seconds")} left`
      : `about ${number(Math.round(seconds / 60))} minutes left`,
  runRest: (seconds: number) => `The server asks for a rest; on in ${many(seconds, "second", "seconds")}.`,
  runEnd: {
    done: "The plan was run.",
    stopped: "Stopped.",
    refused: "Ended: the server does not take this token, or not for changes.",
    silent: "Ended: the server does not answer.",
    crashed: "Ended: the engine stopped. Load the target again to see what was done.",
  },
  runSummed: (done: number, failed: number, skipped: number) =>
    `${many(done, "request", "requests")} carried out, ${number(failed)} failed, ${number(skipped)} not sent.`,
  runCounts: "Requests by action and status",
  runStatus: { Success: "Success", Failure: "Failure", Skipped: "Skipped" },
  runLog: "Log",
  runLogAll: "All",
  runLogMore: (count: number) => `${number(count)} older ones are in the files.`,
  runColumns: ["Time", "Action", "Identity", "Request", "Status", "Detail", "Duration"],
  runTries: (count: number) => `${number(count)} tries`,
  runCsv: "Log (CSV)",
  runNdjson: "Log (NDJSON)",
  runAgain: "Load the target again",
  loadTarget: "Load the target from the server that serves this page",
  loadTargetSwitch: "Allow requests to this page’s own server",
  token: "Secret token",
  load: "Load",
  loadedTarget: (count: number) => `${many(count, "resource", "resources")} loaded.`,
  loadFailed: (status: string) => `the server answered ${status}`,
  loadTooMany: (count: number, most: number) =>
    `the server holds ${number(count)} of one kind, and the page reads ${number(most)} at most; use \`provisor cycle\``,
};

export type RunStrings = typeof en;
