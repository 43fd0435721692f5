import { describe, expect, it, vi } from "vitest";
import { readDate } from "../src/bring/header";
import { grouped, imageName, kindOf, productId, timeInName } from "../src/bring/names";
import { bandAttributes, faults, proposeBands } from "../src/bring/proposal";
import { dataTypeOf, type Header, nodataOf, rangeOf, type Sample, timeOf } from "../src/bring/samples";

const SAMPLE: Sample = { dataType: "UInt16", name: "", colour: "", scale: null, offset: null, unit: "", range: null };
const HEADER: Header = { width: 10, height: 10, samples: [SAMPLE], nodata: null, resolution: "30m", acquired: null, palette: null };

describe("a header", () => {
  it.each([
    [1, 1, "Byte"], [1, 8, "Byte"], [1, 12, "UInt16"], [1, 32, "UInt32"], [1, 64, "UInt64"],
    [2, 8, "Int8"], [2, 16, "Int16"], [2, 64, "Int64"], [3, 16, "Float32"], [3, 32, "Float32"], [3, 64, "Float64"],
    [5, 32, null], [6, 64, null], [1, 128, null],
  ])("names the type of format %i with %i bits as GDAL does", (format, bits, name) => {
    expect(dataTypeOf(format, bits)).toBe(name);
  });

  it.each([
    ["-9999", -9999], ["0", 0], ["nan", "NaN"], ["-inf", "-Infinity"], ["", null], ["none", null], ["1e400", null],
  ])("has the nodata value of %s", (tag, value) => expect(nodataOf(tag)).toBe(value));

  it("has ranges without nodata and what is no number", () => {
    const values = [...Array.from({ length: 101 }, (_, at) => at), -9999, NaN, Infinity];
    expect(rangeOf(values, -9999, "Int16")).toEqual({ least: 0, low: 2, high: 98, most: 100 });
    expect(rangeOf([0, 0], 0, "Byte")).toBeNull();
  });

  it("compares nodata as the samples hold it", () => {
    const values = new Float32Array([-3.4e38, 0.5, 1.5]);
    expect(rangeOf(values, -3.4e38, "Float32")).toMatchObject({ least: 0.5, most: 1.5 });
    expect(rangeOf(new Float64Array([0.1, 0.5]), 0.1, "Float64")).toMatchObject({ least: 0.5, most: 0.5 });
  });

  it.each([
    ["2024:05:02 10:00:00", "2024-05-02T10:00:00.000Z"],
    ["2024-05-02T10:00:00", "2024-05-02T10:00:00.000Z"],
    ["2024-05-02T12:00:00+02:00", "2024-05-02T10:00:00.000Z"],
    ["2024-13-02", null], ["yesterday", null], ["", null],
  ])("dates the file by %s", (tag, time) => expect(timeOf(tag)).toBe(time));
});

/** A TIFF of one date tag, whose pixels are not in the file. */
function dated(text: string): Blob {
  const [short, long, ascii] = [3, 4, 2];
  const tags = [
    [256, short, 1, 64], [257, short, 1, 64], [258, short, 1, 8], [262, short, 1, 1], [273, long, 1, 1e6],
    [277, short, 1, 1], [278, short, 1, 64], [279, long, 1, 4096], [306, ascii, text.length + 1, 8 + 2 + 9 * 12 + 4],
  ] as const;
  const head = new DataView(new ArrayBuffer(8 + 2 + tags.length * 12 + 4));
  head.setUint32(0, 0x49492a00);
  head.setUint32(4, 8, true);
  head.setUint16(8, tags.length, true);
  tags.forEach(([tag, type, count, value], at) => {
    const start = 10 + at * 12;
    head.setUint16(start, tag, true);
    head.setUint16(start + 2, type, true);
    head.setUint32(start + 4, count, true);
    head.setUint32(start + 8, value, true);
  });
  return new Blob([head, `${text}\0`]);
}

/** As much of a browser's reader as geotiff.js uses. */
class Reader {
  result: ArrayBuffer | null = null;
  onload: (() => void) | null = null;

  readAsArrayBuffer(content: Blob): void {
    void content.arrayBuffer().then((result) => {
      this.result = result;
      this.onload?.();
    });
  }
}

describe("the date of a file", () => {
  vi.stubGlobal("FileReader", Reader);

  it("is read without its pixels", async () => {
    expect(await readDate(dated("2024:05:02 10:00:00"))).toBe("2024-05-02T10:00:00.000Z");
  });

  it("is none, in words, of a file that is cut short", async () => {
    await expect(readDate(new Blob(["II*\0\u0008"]))).rejects.toThrow(/header cannot be read/);
  });
});

function first<T>(all: readonly T[]): T {
  const [found] = all;
  if (found === undefined) {
    throw new Error("there is none");
  }
  return found;
}

describe("proposed bands", () => {
  const bands = (...samples: Partial<Sample>[]) =>
    proposeBands([{ name: "scene.tif", header: { ...HEADER, samples: samples.map((each) => ({ ...SAMPLE, ...each })) } }]);

  it("are numbered where nothing names them", () => {
    const [first, second] = bands({}, {});
    expect([first?.name, second?.name]).toEqual(["band1", "band2"]);
    expect(first).toMatchObject({ type: "generic", dataRange: [0, 65535], bandIndex: 0, fileIndex: 0, resolution: "30m" });
  });

  it("take names from descriptions and colours, each once, as names may be", () => {
    const found = bands({ name: "B 4/red" }, { colour: "red" }, { colour: "red" }, { colour: "gray" });
    expect(found.map((each) => each.name)).toEqual(["B_4_red", "red", "red_2", "band4"]);
    expect(found.map((each) => each.type)).toEqual(["generic", "spectral", "spectral", "generic"]);
  });

  it("guess masks and classes of whole numbers only", () => {
    const types = (name: string, dataType: string) => bands({ name, dataType })[0]?.type;
    expect(types("cloud_mask", "Byte")).toBe("mask");
    expect(types("SCL", "Byte")).toBe("class");
    expect(types("QA_PIXEL", "UInt16")).toBe("class");
    expect(types("cloud_mask", "Float32")).toBe("generic");
    expect(types("classical", "Byte")).toBe("generic");
    expect(bands({ colour: "alpha", dataType: "Byte" })[0]).toMatchObject({ name: "alpha", type: "mask", isAlpha: true });
  });

  it("carry scale, offset and unit as a physical range", () => {
    const band = first(bands({ dataType: "Int16", scale: 0.1, offset: -5, unit: "m" }));
    expect(band.physicalRange).toEqual([-32768 * 0.1 - 5, 32767 * 0.1 - 5]);
    expect(bandAttributes(band, "acme:p")).toMatchObject({ physical_range_unit: "m", type: "generic" });
  });

  it("show the percentiles, and hold the least and greatest of wide types", () => {
    const range = { least: -1, low: 0, high: 9, most: 12 };
    expect(bands({ dataType: "Float32", range })[0]).toMatchObject({ dataRange: [-1, 12], displayRange: [0, 9] });
    expect(bands({ range })[0]).toMatchObject({ dataRange: [0, 65535], displayRange: [0, 9] });
    expect(bands({ range: { least: 3, low: 3, high: 3, most: 3 } })[0]?.displayRange).toEqual([3, 4]);
  });

  it("of a paletted file are classes with its colours", () => {
    const palette = [[0, 0, 0], [255, 0, 0]];
    const header = { ...HEADER, samples: [{ ...SAMPLE, dataType: "Byte" }], palette, nodata: 0 };
    const band = first(proposeBands([{ name: "lc.tif", header }]));
    expect(bandAttributes(band, "acme:p")).toMatchObject({ type: "class", colormap: palette, nodata: 0 });
  });

  it("of several files of one image are named by the word in which the files differ", () => {
    const found = proposeBands([{ name: "LC08_B4.TIF", header: HEADER }, { name: "LC08_B5.TIF", header: HEADER }]);
    expect(found.map(({ name, fileIndex, bandIndex }) => [name, fileIndex, bandIndex])).toEqual([["B4", 0, 0], ["B5", 1, 0]]);
  });

  it("refuse complex numbers, and say what is wrong with what was typed", () => {
    expect(() => bands({ dataType: null })).toThrow(/complex/);
    const band = first(bands({}));
    expect(() => bandAttributes({ ...band, nodata: "none" }, "p")).toThrow(/nodata value of band1/);
    expect(bandAttributes({ ...band, nodata: "NaN" }, "p")).toMatchObject({ nodata: "NaN" });
    expect(faults([{ ...band, name: "<b>" }, { ...band, displayRange: [NaN, 1] }, band])).toHaveLength(3);
    expect(faults(bands({}, {}))).toEqual([]);
  });
});

describe("names", () => {
  it("become names of images and ids of products", () => {
    expect(imageName("Ünï <img>.TIFF")).toBe("_n___img_");
    expect(imageName(".tif")).toBe("image");
    expect(productId("Été à la Mer (2).tif")).toBe("ete-a-la-mer-2");
    expect(productId("???.tif")).toBe("product");
  });

  it.each([
    ["S2A_20240501T101559_B04.tif", "2024-05-01T10:15:59.000Z"],
    ["2024-05-01.tif", "2024-05-01T00:00:00.000Z"],
    ["a_2024_05_01_b.tif", "2024-05-01T00:00:00.000Z"],
    ["20240230.tif", null], ["120240501.tif", null], ["20241301.tif", null], ["scene.tif", null],
  ])("hold the time of %s", (name, time) => expect(timeInName(name)).toBe(time));

  it("sort files into images", () => {
    const names = (...all: string[]) => all.map((name) => ({ name }));
    const found = (files: { name: string }[], count: number) =>
      grouped(files, count).map(({ name, files: own }) => [name, own.map((each) => each.name)]);
    expect(found(names("a.tif", "b.tif"), 1)).toEqual([["a", ["a.tif"]], ["b", ["b.tif"]]]);
    expect(found(names("LC_B5.tif", "LC_B4.tif"), 2)).toEqual([["LC", ["LC_B4.tif", "LC_B5.tif"]]]);
    expect(found(names("x_1_B1.tif", "x_2_B1.tif", "x_1_B2.tif", "x_2_B2.tif"), 2)).toEqual([
      ["x_1", ["x_1_B1.tif", "x_1_B2.tif"]],
      ["x_2", ["x_2_B1.tif", "x_2_B2.tif"]],
    ]);
    expect(found(names("x_1.tif", "x_2.tif", "x_3.tif"), 2)).toHaveLength(1);
  });

  it("count for nothing: the first bytes say what a file is", () => {
    const of = (...bytes: number[]) => kindOf(Uint8Array.from(bytes));
    expect(of(0x49, 0x49, 0x2a, 0)).toBe("tiff");
    expect(of(0x4d, 0x4d, 0, 0x2b)).toBe("tiff");
    expect(of(0xff, 0xd8, 0xff, 0xe0)).toBe("jpeg");
    expect(() => of()).toThrow(/0 bytes/);
    expect(() => of(0x3c, 0x68, 0x74, 0x6d)).toThrow(/no GeoTIFF/);
  });
});
