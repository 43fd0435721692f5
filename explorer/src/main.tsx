import "maplibre-gl/dist/maplibre-gl.css";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { configure, followAddress, followQuery } from "./store";
import { followTheme } from "./theme";
import { App } from "./ui/App";

followTheme();
followAddress();
followQuery();
void configure();

const place = document.getElementById("app");
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
