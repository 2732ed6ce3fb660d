/** Asks for the token; the server answers the form with its cookie. */
export function TokenForm() {
  return (
    <form method="get" action={location.pathname} class="token-form">
      <label class="field"><span>Token</span><input name="token" type={"password" as "text"} autocomplete="off" required /></label>
      <button type="submit" class="primary">Open</button>
    </form>
  );
}
