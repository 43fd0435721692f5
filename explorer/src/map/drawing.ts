import { withShortEdges } from "../state/area";
import { change } from "../store";
import { bringMap } from "../ui/screen";
import { currentMap, drawing } from "./state";

export type Shape = "rectangle" | "polygon";

let stop: (() => void) | null = null;

/** End drawing with nothing drawn. */
export function stopDrawing(): void {
  stop?.();
}

/** Let somebody draw an area, which becomes the query's; Escape or a second call ends it. */
export async function startDrawing(shape: Shape): Promise<void> {
  stop?.();
  const view = currentMap.peek();
  if (view === null) {
    throw new Error("There is no map to draw on: give the area as text.");
  }
  const [draw, adapter] = await Promise.all([import("terra-draw"), import("terra-draw-maplibre-gl-adapter")]);
  const escapes = { keyEvents: { cancel: "Escape", finish: "Enter" } };
  const mode = shape === "rectangle" ? new draw.TerraDrawRectangleMode(escapes) : new draw.TerraDrawPolygonMode(escapes);
  const made = new draw.TerraDraw({
    adapter: new adapter.TerraDrawMapLibreGLAdapter({ map: view.map }),
    modes: [mode],
  });
  const escape = (event: KeyboardEvent) => event.key === "Escape" && stop?.();
  stop = () => {
    stop = null;
    drawing.value = false;
    removeEventListener("keydown", escape);
    made.stop();
  };
  addEventListener("keydown", escape);
  made.start();
  made.setMode(shape);
  drawing.value = true;
  bringMap();
  made.on("finish", (id) => {
    const found = made.getSnapshotFeature(id);
    setTimeout(() => stop?.());
    if (found !== undefined) {
      change({ area: found.geometry.type === "Polygon" ? withShortEdges(found.geometry) : found.geometry });
    }
  });
}
