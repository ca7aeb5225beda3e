// The texts of one view, loaded with it in every language.
import { language, strings } from ".";
import { de } from "./run.de";
import { en } from "./run.en";

/** The texts of the language in use: the view's own beside everyone's. */
export const runStrings = () => ({ ...strings(), ...{ en, de }[language.value] });
