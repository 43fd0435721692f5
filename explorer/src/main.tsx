import "maplibre-gl/dist/maplibre-gl.css";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { followUploads, forgetCaller as forgetBrought } from "./bring/state";
import { forgetCaller as forgetOperations } from "./operations/state";
import { onOtherCaller } from "./session/caller";
import { configure, followEnd } from "./session/session";
import { handOver } from "./session/shared";
import { followMap } from "./map/found";
import { followAddress, followQuery, tell } from "./store";
import { followTheme } from "./theme";
import { App } from "./ui/App";
import { followFocus, followKeys } from "./ui/focus";

configure().catch(tell); // the first request, since all others wait for it
followTheme();
followFocus();
followKeys();
followAddress();
followMap();
followQuery();
followEnd();
handOver();
followUploads();
onOtherCaller(() => {
  forgetBrought();
  forgetOperations();
});

const place = document.getElementById("app");
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
