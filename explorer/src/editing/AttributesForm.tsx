import { useState } from "preact/hooks";
import { type Kind, patch, type Resource } from "../catalog";
import { refresh } from "../store";
import { Outcome, useAttempt } from "./attempt";
import { changesOf, type FieldOf, textsOf } from "./fields";

interface Props {
  readonly kind: Kind;
  readonly object: Resource;
  readonly fields: readonly FieldOf[];
  readonly onSaved: (object: Resource) => void;
  /** Load the object as somebody else left it. */
  readonly onReload: () => void;
}

/** Attributes as texts to change; what was changed alone is sent, and only onto the version that is shown. */
export function AttributesForm({ kind, object, fields, onSaved, onReload }: Props) {
  const before = textsOf(fields, object.attributes);
  const [after, setAfter] = useState(before);
  const attempt = useAttempt();
  const save = async () => {
    const changes = changesOf(fields, before, after);
    if (Object.keys(changes).length === 0) {
      return "Nothing was changed.";
    }
    const saved = await patch(kind, object, changes);
    setAfter(textsOf(fields, saved.attributes));
    onSaved(saved);
    refresh();
    return "Saved.";
  };
  return (
    <form
      aria-label="Attributes"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt.run(save);
      }}
    >
      {fields.map((field) => (
        <Field key={field.name} field={field} value={after[field.name] ?? ""} set={(text) => setAfter({ ...after, [field.name]: text })} />
      ))}
      <button type="submit">Save the attributes</button>
      <Outcome attempt={attempt} onReload={onReload} />
    </form>
  );
}

function Field({ field, value, set }: { field: FieldOf; value: string; set: (text: string) => void }) {
  const isLong = ["long", "lines", "json"].includes(field.kind);
  return (
    <label>
      {field.words}
      {isLong ? (
        <textarea rows={3} spellcheck={field.kind === "long"} value={value} onInput={(event) => set(event.currentTarget.value)} />
      ) : (
        <input value={value} spellcheck={false} onInput={(event) => set(event.currentTarget.value)} />
      )}
    </label>
  );
}
