/** HTML in which nothing is left to escape. */
export class Html {
  constructor(readonly source: string) {}
}

type Content = Html | string | number | readonly Html[] | null;

/** HTML from a template; texts and numbers that are put in are escaped, for elements and quoted attributes alike. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  let source = parts[0]!;
  for (const [i, content] of contents.entries()) source += sourceOf(content) + parts[i + 1]!;
  return new Html(source);
}

function sourceOf(content: Content): string {
  if (content === null) return "";
  if (content instanceof Html) return content.source;
  return typeof content === "object" ? content.map(sourceOf).join("") : escaped(String(content));
}

function escaped(text: string): string {
  return (
    text
      // No escape makes these legal, and a terminal or editor might obey them.
      .replace(/[^\P{Cc}\n\t]|\p{Surrogate}/gu, "\uFFFD")
      .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

/** A value as JSON for a script element, which ends at the first `</script`, whatever is around it. */
export function jsonFor(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/</g, "\\u003c"));
}
