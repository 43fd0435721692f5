declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** The part of its settings that is used here: docs/usage/configuration.md of swagger-ui. */
  interface Settings {
    readonly domNode: HTMLElement;
    readonly url: string;
    readonly validatorUrl: null;
    readonly deepLinking: boolean;
    readonly docExpansion: "list" | "full" | "none";
    readonly defaultModelsExpandDepth: number;
    readonly displayRequestDuration: boolean;
    readonly filter: boolean;
    readonly requestInterceptor: (request: Sent) => Sent;
    readonly responseInterceptor: (response: Received) => Received;
    readonly plugins: readonly { readonly wrapComponents: Readonly<Record<string, () => () => null>> }[];
    readonly onComplete: () => void;
  }
  export interface Sent {
    readonly url: string;
    headers: Record<string, string>;
  }
  export interface Received {
    readonly url: string;
    readonly status: number;
    readonly text?: string;
  }
  export default function SwaggerUIBundle(settings: Settings): unknown;
}
