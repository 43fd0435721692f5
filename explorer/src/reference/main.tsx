import "../style.css";
import "./reference.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { configure, followEnd } from "../session/session";
import { takeOver } from "../session/shared";
import { dark, followTheme } from "../theme";
import { Reference } from "./Reference";

followTheme();
effect(() => {
  document.documentElement.classList.toggle("dark-mode", dark.value); // swagger-ui's own name
});
takeOver();
followEnd();

const place = document.getElementById("app");
if (place !== null) {
  place.replaceChildren();
  render(<Reference ready={configure()} />, place);
}
