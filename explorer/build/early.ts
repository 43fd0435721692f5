import type { Plugin } from "vite";

/**
 * Let a page fetch at once what its first script would ask for only when it runs: the scripts of a
 * module that is imported later, files of the build by the beginning of their names, and requests.
 */
export function early(page: string, module: string, files: readonly string[], requests: readonly string[]): Plugin {
  return {
    name: "early",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle, filename }) {
        if (bundle === undefined || !filename.endsWith(page)) {
          return undefined;
        }
        const all = Object.values(bundle);
        const chunks = all.filter((each) => each.type === "chunk");
        const first = chunks.find((each) => each.moduleIds.some((id) => id.endsWith(module)));
        const names = all.map((each) => each.fileName).filter((name) => files.some((file) => name.includes(`/${file}`)));
        if (first === undefined || names.length < files.length) {
          throw new Error(`the build has no ${[module, ...files].join(" or no ")}`);
        }
        const ofPage = chunks.filter((each) => each.isEntry).map((each) => each.fileName);
        const scripts = [first.fileName, ...first.imports.filter((name) => !ofPage.includes(name))];
        const link = (attrs: Record<string, string | boolean>) =>
          ({ tag: "link", attrs: { crossorigin: true, ...attrs }, injectTo: "head" }) as const;
        return [
          ...requests.map((href) => link({ rel: "preload", as: "fetch", href })),
          ...scripts.map((name) => link({ rel: "modulepreload", href: `./${name}` })),
          ...names.map((name) => link({ rel: "prefetch", href: `./${name}` })),
        ];
      },
    },
  };
}
