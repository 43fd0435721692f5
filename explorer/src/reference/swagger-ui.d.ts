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
    readonly plugins: readonly { readonly wrapComponents: Readonly<Record<string, Wrap>> }[];
    readonly onComplete: () => void;
  }
  /** The part of an immutable map that is used here. */
  interface RequestMap {
    readonly deleteIn: (path: readonly string[]) => RequestMap;
  }
  interface Props {
    readonly request: RequestMap;
  }
  type Component = (props: Props) => unknown;
  interface System {
    readonly React: { readonly createElement: (component: Component, props: Props) => unknown };
  }
  /** Another component in place of one of its own: docs/customization/plugin-api.md of swagger-ui. */
  export type Wrap = (original: Component, system: System) => Component;
  export interface Sent {
    readonly url: string;
    headers: Record<string, string>;
    /** Words of the curl command that is shown, those that begin with - as they stand. */
    curlOptions?: readonly string[];
  }
  export interface Received {
    readonly url: string;
    readonly status: number;
    readonly text?: string;
  }
  export default function SwaggerUIBundle(settings: Settings): unknown;
}
