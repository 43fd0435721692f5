import "maplibre-gl/dist/maplibre-gl.css";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { followUploads } from "./bring/state";
import { configure, followEnd } from "./session/session";
import { handOver } from "./session/shared";
import { followAddress, followQuery, tell } from "./store";
import { followTheme } from "./theme";
import { App } from "./ui/App";

followTheme();
followAddress();
followQuery();
followEnd();
handOver();
followUploads();
configure().catch(tell);

const place = document.getElementById("app");
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
