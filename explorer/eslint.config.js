import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["node_modules"] },
  js.configs.recommended,
  ...typescript.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } },
    },
  },
  { files: ["src/**/*.tsx"], ...a11y.flatConfigs.strict },
  {
    files: ["src/**/*.tsx"],
    rules: {
      // regions that scroll are reached by keyboard
      "jsx-a11y/no-noninteractive-tabindex": ["error", { tags: ["pre"], roles: ["region"] }],
    },
  },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  { files: ["**/*.js", "**/*.mjs"], ...typescript.configs.disableTypeChecked },
  {
    files: ["**/*.mjs"],
    languageOptions: {
      globals: {
        ...{ process: "readonly", document: "readonly", window: "readonly" },
        ...{ URL: "readonly", URLSearchParams: "readonly" },
      },
    },
  },
);
