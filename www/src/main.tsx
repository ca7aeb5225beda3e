import { render } from "preact";
import "./style.css";
import { App } from "./ui/App";

const root = document.getElementById("app");
if (root) render(<App />, root);

if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("/sw.js");
