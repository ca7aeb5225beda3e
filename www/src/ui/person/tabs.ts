// What a person's tabs show, loaded together when somebody is first opened.
export { Changes } from "./Changes";
export { Journey } from "./Journey";
export { Requests } from "./Requests";
export { Result } from "./Result";
