/** Options of a select that are called as they are sent. */
export function Options({ values }: { readonly values: readonly string[] }) {
  return (
    <>
      {values.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </>
  );
}
