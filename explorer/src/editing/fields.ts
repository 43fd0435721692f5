/** An attribute that can be changed, and how it is typed. */
export interface FieldOf {
  readonly name: string;
  readonly words: string;
  readonly kind: "text" | "long" | "percent" | "time" | "list" | "lines" | "json";
}

export const PRODUCT_FIELDS: readonly FieldOf[] = [
  { name: "name", words: "Name", kind: "text" },
  { name: "description", words: "Description", kind: "long" },
  { name: "tags", words: "Tags, one a line", kind: "lines" },
  { name: "default_display_bands", words: "Bands to show, with commas between them", kind: "list" },
  { name: "extra_properties", words: "Further properties, as JSON", kind: "json" },
];

export const IMAGE_FIELDS: readonly FieldOf[] = [
  { name: "acquired", words: "Acquired (UTC)", kind: "time" },
  { name: "acquired_end", words: "Until (UTC)", kind: "time" },
  { name: "cloud_fraction", words: "Clouds, percent", kind: "percent" },
  { name: "satellite_id", words: "Satellite", kind: "text" },
  { name: "tags", words: "Tags, one a line", kind: "lines" },
  { name: "expires", words: "To be deleted at (UTC)", kind: "time" },
  { name: "extra_properties", words: "Further properties, as JSON", kind: "json" },
];

export type Texts = Readonly<Record<string, string>>;

/** Return attributes as the texts of a form. */
export function textsOf(fields: readonly FieldOf[], attributes: Readonly<Record<string, unknown>>): Texts {
  return Object.fromEntries(fields.map((field) => [field.name, textOf(field, attributes[field.name])]));
}

function textOf({ kind }: FieldOf, value: unknown): string {
  if (value === undefined || value === null) {
    return "";
  }
  if (kind === "list" || kind === "lines") {
    return Array.isArray(value) ? value.join(kind === "list" ? ", " : "\n") : "";
  }
  if (kind === "json") {
    return Object.keys(value).length === 0 ? "" : JSON.stringify(value, null, 1);
  }
  if (kind === "percent" && typeof value === "number") {
    return String(rounded(100 * value));
  }
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** Return what a form changes: a text that was emptied clears. Throws an Error for what is none of its kind. */
export function changesOf(fields: readonly FieldOf[], before: Texts, after: Texts): Record<string, unknown> {
  const changed = fields.filter(({ name }) => (before[name] ?? "") !== (after[name] ?? ""));
  return Object.fromEntries(changed.map((field) => [field.name, valueOf(field, (after[field.name] ?? "").trim())]));
}

function valueOf({ kind, words }: FieldOf, text: string): unknown {
  if (kind === "list" || kind === "lines") {
    return text.split(kind === "list" ? "," : "\n").map((each) => each.trim()).filter((each) => each !== "");
  }
  if (text === "") {
    return kind === "json" ? {} : null;
  }
  if (kind === "percent") {
    const value = Number(text);
    if (!(value >= 0 && value <= 100)) {
      throw new Error(`${words}: “${text}” is no number from 0 to 100.`);
    }
    return rounded(value / 100);
  }
  return kind === "json" ? objectOf(words, text) : text;
}

/** The API has shares; this takes off what a double adds to a hundredth of a number. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

function objectOf(words: string, text: string): unknown {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new Error(`${words}: ${error instanceof Error ? error.message : "no JSON"}.`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new Error(`${words}: an object such as {"sensor": "A"} is expected.`);
  }
  return found;
}

export const LISTS = ["owners", "writers", "readers"] as const;
export type List = (typeof LISTS)[number];
export type Access = Readonly<Record<List, readonly string[]>>;

/** What a subject may be; owners are users and organisations alone. */
export const SUBJECTS = [
  { prefix: "org:", words: "everybody of an organisation", owns: true },
  { prefix: "user:", words: "a user, by id", owns: true },
  { prefix: "email:", words: "an e-mail address", owns: false },
  { prefix: "group:", words: "a group", owns: false },
] as const;

export function accessOf(attributes: Readonly<Record<string, unknown>>): Access {
  const list = (name: List) => (Array.isArray(attributes[name]) ? (attributes[name] as string[]) : []);
  return { owners: list("owners"), writers: list("writers"), readers: list("readers") };
}

/** Return the lists with a subject more. Throws an Error that says what would be right. */
export function shared(access: Access, list: List, prefix: string, given: string): Access {
  const name = given.trim();
  const kind = SUBJECTS.find((each) => each.prefix === prefix);
  if (name === "") {
    throw new Error("With whom? Give a name.");
  }
  if (prefix === "email:" && !/^[^\s@]+@[^\s@]+$/.test(name)) {
    throw new Error(`“${name}” is no e-mail address.`);
  }
  if (list === "owners" && kind?.owns !== true) {
    throw new Error("Owners are users or organisations: let an address or a group write or read.");
  }
  const subject = prefix + (prefix === "email:" ? name.toLowerCase() : name);
  if (access[list].includes(subject)) {
    throw new Error(`${subject} is on this list already.`);
  }
  return { ...access, [list]: [...access[list], subject] };
}

export function withdrawn(access: Access, list: List, subject: string): Access {
  return { ...access, [list]: access[list].filter((each) => each !== subject) };
}

/** Return the lists that differ, as the API takes them. */
export function accessChanges(before: Access, after: Access): Record<string, readonly string[]> {
  const changed = LISTS.filter((list) => JSON.stringify(before[list]) !== JSON.stringify(after[list]));
  return Object.fromEntries(changed.map((list) => [list, after[list]]));
}

/** What a subject is, in words. */
export function subjectWords(subject: string, list: List): string {
  if (subject === "group:public") {
    return "everybody, without signing in";
  }
  if (subject.startsWith("org:")) {
    return `${list === "owners" ? "admins" : "everybody"} of ${subject.slice(4)}`;
  }
  return subject;
}
