import { describe, expect, it } from "vitest";
import { isSoftware } from "../src/map/renderer";

const RENDERER = 0x1f01;
const UNMASKED_RENDERER_WEBGL = 0x9246;

function canvas(masked: string, unmasked: string | null): HTMLCanvasElement {
  const gl = {
    RENDERER,
    getExtension: () => (unmasked === null ? null : { UNMASKED_RENDERER_WEBGL }),
    getParameter: (name: number) => (name === RENDERER ? masked : unmasked),
  };
  return { getContext: () => gl } as unknown as HTMLCanvasElement;
}

describe("a renderer", () => {
  it.each([
    ["WebKit WebGL", "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)"],
    ["WebKit WebGL", "ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0)"],
    ["llvmpipe (LLVM 15.0.7, 256 bits)", null],
  ])("without a graphics card is told: %s, %s", (masked, unmasked) => {
    expect(isSoftware(canvas(masked, unmasked))).toBe(true);
  });

  it.each([
    ["WebKit WebGL", "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0)"],
    ["Mesa Intel(R) UHD Graphics 620", null],
  ])("with one is, too: %s, %s", (masked, unmasked) => {
    expect(isSoftware(canvas(masked, unmasked))).toBe(false);
  });

  it("that is not WebGL 2 tells nothing", () => {
    expect(isSoftware({ getContext: () => null } as unknown as HTMLCanvasElement)).toBe(false);
  });
});
