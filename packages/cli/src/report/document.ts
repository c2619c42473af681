import { Html, html } from "./html.js";
import { style } from "./style.js";

/** What an HTML page of a run says. */
export interface Document {
  /** What the browser calls it. */
  readonly title: string;
  /** A line above the heading. */
  readonly kicker: Html | string;
  readonly heading: string;
  /** What is on the page, and how it came out. */
  readonly lead: Html | string;
  readonly body: Html | readonly Html[];
  readonly footer: string;
  /** Rules besides those that all pages have. */
  readonly rules?: Html;
  /** Whether scripts of its own run; nothing is loaded in any case. None does by default. */
  readonly scripts?: boolean;
  /** What the page may load and run, where that is more: a Content-Security-Policy. */
  readonly policy?: string;
}

/** A page that stands alone: it loads nothing. */
export function documentHtml(page: Document): string {
  const { title, kicker, heading, lead, body, footer, rules = null, scripts = false } = page;
  const alone = `default-src 'none'; style-src 'unsafe-inline'${scripts ? "; script-src 'unsafe-inline'" : ""}`;
  const policy = new Html(page.policy ?? alone);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}${rules}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${kicker}</p>
<h1>${heading}</h1>
<p class="lead">${lead}</p>
</header>
${body}
<footer>${footer}</footer>
</main>
</body>
</html>
`.source;
}
