import { useState } from "preact/hooks";
import { patch, type Resource } from "../catalog";
import { configuration } from "../session/session";
import { refresh } from "../store";
import { Outcome, useAttempt } from "./attempt";
import { accessChanges, accessOf, type List, LISTS, shared, SUBJECTS, subjectWords, withdrawn } from "./fields";

const TITLES: Readonly<Record<List, string>> = {
  owners: "Owners: do everything, share and delete too",
  writers: "Writers: change the product and its images",
  readers: "Readers: see it",
};

interface Props {
  readonly product: Resource;
  readonly onSaved: (product: Resource) => void;
  /** Load the product as somebody else left it. */
  readonly onReload: () => void;
}

/** Who may do what with a product and all that is in it. */
export function SharingForm({ product, onSaved, onReload }: Props) {
  const before = accessOf(product.attributes);
  const [access, setAccess] = useState(before);
  const attempt = useAttempt();
  const changes = accessChanges(before, access);
  const hasChanged = Object.keys(changes).length > 0;
  const edit = (change: () => typeof access) =>
    void attempt.run(() => {
      setAccess(change());
      return "";
    });
  const save = async () => {
    const saved = await patch("product", product, changes);
    onSaved(saved);
    setAccess(accessOf(saved.attributes));
    refresh();
    return "Saved.";
  };
  return (
    <div>
      {LISTS.map((list) => (
        <section key={list} aria-label={list}>
          <h3>{TITLES[list]}</h3>
          <ul class="files">
            {access[list].map((subject) => (
              <li key={subject}>
                <span>{subjectWords(subject, list)}</span>
                <button type="button" onClick={() => edit(() => withdrawn(access, list, subject))}>
                  Remove<span class="hidden">{` ${subject} from the ${list}`}</span>
                </button>
              </li>
            ))}
            {access[list].length === 0 && <li class="quiet">nobody else</li>}
          </ul>
        </section>
      ))}
      <Another add={(list, prefix, name) => edit(() => shared(access, list, prefix, name))} />
      <button type="button" class="main" disabled={!hasChanged} onClick={() => void attempt.run(save)}>
        Save who may do what
      </button>
      {hasChanged && <p class="quiet">Not saved yet.</p>}
      <Outcome attempt={attempt} onReload={onReload} />
    </div>
  );
}

function Another({ add }: { add: (list: List, prefix: string, name: string) => void }) {
  const [list, setList] = useState<List>("readers");
  const [prefix, setPrefix] = useState<string>(SUBJECTS[0].prefix);
  const [name, setName] = useState("");
  return (
    <fieldset class="newcondition">
      <legend>Share with</legend>
      <label>
        May
        <select value={list} onChange={(event) => setList(event.currentTarget.value as List)}>
          <option value="readers">see it</option>
          <option value="writers">change it</option>
          <option value="owners">do everything</option>
        </select>
      </label>
      <label>
        Who
        <select value={prefix} onChange={(event) => setPrefix(event.currentTarget.value)}>
          {SUBJECTS.map((each) => (
            <option key={each.prefix} value={each.prefix}>
              {each.words}
            </option>
          ))}
        </select>
      </label>
      <label>
        Name or address
        <input value={name} spellcheck={false} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <div class="buttons">
        <button
          type="button"
          onClick={() => {
            add(list, prefix, name);
            setName("");
          }}
        >
          Add
        </button>
        {configuration.value?.anonymous === true && (
          <button type="button" onClick={() => add("readers", "group:", "public")}>
            Let everybody see it
          </button>
        )}
      </div>
    </fieldset>
  );
}
