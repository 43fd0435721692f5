interface Props {
  readonly words: string;
  readonly onFiles: (files: readonly File[]) => void;
}

/** Where files are chosen; what is dropped here, or anywhere on the page, is taken by the page. */
export function DropZone({ words, onFiles }: Props) {
  return (
    <label class="dropzone">
      {words}
      <input
        type="file"
        multiple
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}
