#include "client/eval/report/html_text.h"

#include "absl/strings/str_cat.h"
#include "base/html_escape.h"
#include "base/utf8.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kPictures = 0x2400;  // Of U+0000; the others follow.
constexpr char32_t kPictureOfDelete = 0x2421;

// What HTML can hold in the place of `rune`. Source: the HTML standard, 13.1.4 (text must not have
// control characters other than white space, nor noncharacters).
char32_t Shown(char32_t rune) {
  if (rune == '\n' || rune == '\t') return rune;
  if (rune < 0x20) return kPictures + rune;
  if (rune == 0x7F) return kPictureOfDelete;
  const bool is_c1 = rune > 0x7F && rune < 0xA0;
  const bool is_noncharacter = (rune & 0xFFFE) == 0xFFFE || (rune >= 0xFDD0 && rune <= 0xFDEF);
  return is_c1 || is_noncharacter ? kReplacement : rune;
}

constexpr size_t kLong = 60;  // Bytes; longer cells are broken anywhere, not at words alone.

std::string NumberClass(const Column& column) {
  return column.kind == Column::Kind::kNumber ? " class=\"n\"" : "";
}

std::string CellClass(const Column& column, const std::string& html) {
  if (column.kind == Column::Kind::kText && html.size() > kLong) return " class=\"long\"";
  return NumberClass(column);
}

}  // namespace

std::string Html(absl::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const DecodedRune decoded = DecodeUtf8(text);
    if (decoded.bytes == 0) {
      AppendUtf8(kReplacement, &shown);
      text.remove_prefix(1);
      continue;
    }
    AppendUtf8(Shown(decoded.rune), &shown);
    text.remove_prefix(static_cast<size_t>(decoded.bytes));
  }
  return EscapeHtml(shown);
}

std::string IdText(const Json& id) { return id.is_string() ? id.get<std::string>() : id.dump(); }

std::string Signed(double value) {
  if (value == 0) return "0";
  return absl::StrCat(value > 0 ? "+" : "−", Rounded(value > 0 ? value : -value));
}

std::string PercentText(double proportion) { return absl::StrCat(Percent(proportion), " %"); }

std::string IntervalText(const Interval& interval) {
  return absl::StrCat(Percent(interval.low), " – ", Percent(interval.high), " %");
}

std::string Table(absl::string_view caption, const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows_html) {
  // The box can be scrolled, so the keyboard must reach it and it must have a name.
  std::string html =
      absl::StrCat("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"",
                   Html(caption), "\"><table><caption>", Html(caption), "</caption><thead><tr>");
  for (const Column& column : columns) {
    absl::StrAppend(&html, "<th scope=\"col\"", NumberClass(column), ">", Html(column.title),
                    "</th>");
  }
  absl::StrAppend(&html, "</tr></thead><tbody>\n");
  for (const std::vector<std::string>& row : rows_html) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const char* const element = i == 0 ? "th" : "td";
      absl::StrAppend(&html, "<", element, i == 0 ? " scope=\"row\"" : "",
                      CellClass(columns[i], row[i]), ">", row[i], "</", element, ">");
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string SectionHtml(const PageSection& section) {
  return absl::StrCat("<section id=\"", section.id, "\" aria-labelledby=\"", section.id,
                      "-title\"><h2 id=\"", section.id, "-title\">", Html(section.title), "</h2>\n",
                      section.html, "</section>\n");
}

std::string Paragraph(absl::string_view html, absl::string_view css) {
  return css.empty() ? absl::StrCat("<p>", html, "</p>\n")
                     : absl::StrCat("<p class=\"", css, "\">", html, "</p>\n");
}

std::string Figure(absl::string_view picture_html, absl::string_view caption_html) {
  return absl::StrCat("<figure>", picture_html, "<figcaption>", caption_html,
                      "</figcaption></figure>\n");
}

std::string Details(absl::string_view summary_html, absl::string_view content_html) {
  return absl::StrCat("<details><summary>", summary_html, "</summary>", content_html,
                      "</details>\n");
}

}  // namespace assay::client
