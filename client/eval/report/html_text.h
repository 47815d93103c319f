// client/eval/report/html_text.h
// Texts, numbers and tables as the page writes them. Pure functions; every text given is a text, not
// HTML, unless its name says so.
#ifndef ASSAY_CLIENT_EVAL_REPORT_HTML_TEXT_H_
#define ASSAY_CLIENT_EVAL_REPORT_HTML_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/eval/accuracy.h"
#include "client/json_row.h"

namespace assay::client {

// Any bytes as valid HTML text, for an element or a quoted attribute. Markup is escaped; control
// characters are shown as their pictures (U+0001 as U+2401), a carriage return before a line feed
// included; bytes that are not UTF-8 and code points that HTML forbids are U+FFFD.
std::string Html(absl::string_view text);

// A row's id: the text itself, or the integer's digits. Not escaped.
std::string IdText(const Json& id);

// Three significant digits with a sign: "+0.0123", "−4.5", "0".
std::string Signed(double value);

// A proportion 0..1: "67.1 %".
std::string PercentText(double proportion);

// "60.9 – 72.9 %".
std::string IntervalText(const Interval& interval);

struct Column {
  std::string title = {};
  enum class Kind { kText, kNumber } kind = Kind::kNumber;  // Numbers stand to the right.
};

// A table with `caption`, in a box of its own that scrolls sideways where the table is too wide. A
// cell is HTML; the first of a row is its header.
std::string Table(absl::string_view caption, const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows_html);

// One part of the page, with a heading and an anchor.
struct PageSection {
  std::string id = {};     // Letters and hyphens; the anchor's name.
  std::string title = {};  // Of the heading and in the table of contents.
  std::string html = {};   // Empty: there is no such part.
};

// The section's element.
std::string SectionHtml(const PageSection& section);

// <p class="CSS">HTML</p>; no class for an empty `css`.
std::string Paragraph(absl::string_view html, absl::string_view css = "");

// A picture with what it says under it; `caption` is HTML.
std::string Figure(absl::string_view picture_html, absl::string_view caption_html);

// Closed until somebody opens it.
std::string Details(absl::string_view summary_html, absl::string_view content_html);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_HTML_TEXT_H_
