import { FIRST_ORDERS, type Order, ordersBy, orderWords } from "../state/orders";
import { EVERYTHING } from "../state/query";
import { change, query, sortables } from "../store";

/** In which order images are listed: what is asked for most, then either direction of whatever the API sorts by. */
export function OrderField() {
  const { sort } = query.value;
  const others = ordersBy(sortables.value);
  const isOffered = [...FIRST_ORDERS, ...others].some((each) => each.sort === sort);
  return (
    <label>
      Order
      <select value={sort} onChange={(event) => change({ sort: event.currentTarget.value || EVERYTHING.sort })}>
        <Choices orders={FIRST_ORDERS} />
        {!isOffered && <Choices orders={[{ sort, words: orderWords(sort) }]} />}
        {others.length > 0 && (
          <optgroup label="By a property">
            <Choices orders={others} />
          </optgroup>
        )}
      </select>
    </label>
  );
}

function Choices({ orders }: { readonly orders: readonly Order[] }) {
  return (
    <>
      {orders.map(({ sort, words }) => (
        <option key={sort} value={sort}>
          {words}
        </option>
      ))}
    </>
  );
}
