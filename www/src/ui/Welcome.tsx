// The first visit: one line of purpose, three steps, and ways in.

import { generate } from "../state/files";
import { strings } from "../strings";
import { Choose } from "./Choose";
import { Paste } from "./Paste";
import { startExample } from "./start";

export function Welcome() {
  const t = strings();
  return (
    <main class="welcome">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="64" height="64" />
      <h1>{t.welcomeTitle}</h1>
      <p class="lead">{t.welcomeLead}</p>
      <div class="actions">
        <button type="button" class="button primary large" onClick={() => void startExample()}>
          {t.tryExample}
        </button>
        <Choose label={t.chooseFiles} />
        <button type="button" class="button" onClick={() => generate(100_000)}>
          {t.generate}
        </button>
      </div>
      <p class="quiet">{t.dropHere}</p>
      <ol class="steps">
        <li>
          <b>{t.stepPeople}</b> {t.stepPeopleText}
        </li>
        <li>
          <b>{t.stepMappings}</b> {t.stepMappingsText}
        </li>
        <li>
          <b>{t.stepTarget}</b> {t.stepTargetText}
        </li>
      </ol>
      <Paste />
      <p class="privacy">
        <span aria-hidden="true">✓</span> {t.privacy}
      </p>
    </main>
  );
}
