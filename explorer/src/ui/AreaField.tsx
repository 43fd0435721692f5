import { useState } from "preact/hooks";
import { words } from "../api";
import { type Shape, startDrawing } from "../map/drawing";
import { currentMap, drawing } from "../map/state";
import { change, query } from "../store";
import { parseArea } from "../state/area";
import { boundsOf } from "../state/shapes";
import { bringMap } from "./screen";

export function AreaField() {
  const [text, setText] = useState("");
  const [trouble, setTrouble] = useState("");
  const use = (given: string) => {
    try {
      const area = parseArea(given);
      setTrouble("");
      change({ area });
      currentMap.peek()?.fit(boundsOf([area]));
      bringMap();
    } catch (error) {
      setTrouble(words(error));
    }
  };
  const draw = (shape: Shape) => {
    setTrouble("");
    startDrawing(shape).catch((error: unknown) => setTrouble(words(error)));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    file?.text().then(use, (error: unknown) => setTrouble(words(error)));
  };
  return (
    <div class="area">
      <div class="buttons">
        <button type="button" aria-pressed={drawing.value} onClick={() => draw("rectangle")}>
          Draw a box
        </button>
        <button type="button" onClick={() => draw("polygon")}>
          Draw a polygon
        </button>
        {query.value.area !== null && (
          <button type="button" onClick={() => change({ area: null })}>
            Remove the area
          </button>
        )}
      </div>
      {drawing.value && <p class="quiet">Click the corners on the map. Escape ends drawing.</p>}
      <label>
        Or paste GeoJSON, WKT, or west, south, east, north; or drop a file here
        <textarea
          rows={2}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onDragOver={(event) => event.preventDefault()}
          onDrop={drop}
          aria-invalid={trouble !== ""}
          aria-describedby="area-trouble"
        />
      </label>
      <button type="button" onClick={() => use(text)} disabled={text.trim() === ""}>
        Use this area
      </button>
      <p id="area-trouble" class={trouble === "" ? "" : "trouble"} role="alert">
        {trouble}
      </p>
    </div>
  );
}
