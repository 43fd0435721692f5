import { computed, effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const NAME = "swath-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", () => (systemIsDark.value = system.matches));

export const theme = signal<Theme>(stored());
export const dark = computed(() => (theme.value === "system" ? systemIsDark.value : theme.value === "dark"));

/** Keep the document as the theme says. */
export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset["theme"] = dark.value ? "dark" : "light";
    try {
      localStorage.setItem(NAME, theme.value);
    } catch {
      // a browser that keeps nothing starts with the system's theme
    }
  });
}

function stored(): Theme {
  try {
    const found = localStorage.getItem(NAME);
    return found === "light" || found === "dark" ? found : "system";
  } catch {
    return "system";
  }
}
