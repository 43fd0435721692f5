/** A text to paste elsewhere, and where. */
export interface Snippet {
  readonly name: string;
  readonly text: string;
}

/** Return how an image is used from other tools. The token comes from the environment. */
export function snippets(root: string, collection: string, id: string, asset: string): Snippet[] {
  const q = (text: string) => JSON.stringify(text);
  const full = `${collection}:${id}`;
  const item = `${root}/stac/collections/${encodeURIComponent(collection)}/items/${encodeURIComponent(id)}`;
  const file = `${item}/assets/${encodeURIComponent(asset)}`;
  return [
    {
      name: "swath (Python)",
      text: [
        "# pip install ./client in a copy of Swath's repository, with SWATH_TOKEN in the environment",
        "import swath",
        "from swath.catalog import Image",
        "",
        `swath.configure(url=${q(root)})`,
        `image = Image.get(${q(full)})`,
        "bands = [band.name for band in image.product.bands()]",
        "pixels = image.ndarray(bands[:1])",
        "print(image.acquired, pixels.shape)",
      ].join("\n"),
    },
    {
      name: "pystac-client and odc-stac (Python)",
      text: [
        "# pip install pystac-client odc-stac, with SWATH_TOKEN in the environment, unless anybody may read it",
        "import os",
        "from odc.stac import load",
        "from pystac_client import Client",
        "",
        'headers = {"X-Sign": "true"}',
        'if "SWATH_TOKEN" in os.environ:',
        '    headers["Authorization"] = "Bearer " + os.environ["SWATH_TOKEN"]',
        `client = Client.open(${q(`${root}/stac`)}, headers=headers)`,
        `found = client.search(collections=[${q(collection)}], ids=[${q(id)}])`,
        "data = load(list(found.items()))",
        "print(data)",
      ].join("\n"),
    },
    {
      name: "GDAL (shell)",
      text: [
        "# with SWATH_TOKEN in the environment, unless anybody may read it",
        `export GDAL_HTTP_HEADERS="\${SWATH_TOKEN:+Authorization: Bearer $SWATH_TOKEN}"`,
        `gdalinfo '/vsicurl/${file}'`,
      ].join("\n"),
    },
    {
      name: "curl (shell)",
      text: [
        "# with SWATH_TOKEN in the environment, unless anybody may read it",
        `curl -sL \${SWATH_TOKEN:+-H "Authorization: Bearer $SWATH_TOKEN"} -o '${fileName(id, asset)}' '${file}'`,
      ].join("\n"),
    },
    {
      name: "QGIS",
      text: [
        "Layer > Add Layer > Add Layer from STAC Catalog, new connection:",
        `  URL: ${root}/stac`,
        "  Authentication: API header, Authorization = Bearer and the token",
        `Then open the collection ${collection} and the item ${id}.`,
      ].join("\n"),
    },
  ];
}

function fileName(id: string, asset: string): string {
  return `${id}-${asset}.tif`;
}
