#include "client/eval/report/text_section.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "client/eval/report/objective_shares.h"
#include "client/eval/report/row_selection.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr size_t kMost = 20;
constexpr size_t kObjectives = 3;

// A box that scrolls where the text is long. Its direction is the text's own.
std::string TextBox(absl::string_view label, absl::string_view text) {
  return absl::StrCat(
      "<div class=\"text\" dir=\"auto\" tabindex=\"0\" role=\"region\" aria-label=\"", Html(label),
      "\">", Html(text), "</div>\n");
}

std::string Turn(size_t number, const Message& message) {
  const std::string name = absl::StrCat("Turn ", number, ", ", message.role);
  return absl::StrCat("<p class=\"name\">", Html(name), "</p>", TextBox(name, message.content));
}

std::string PromptHtml(const std::vector<Message>& prompt) {
  std::string html;
  if (prompt.size() > 1) {
    std::string turns;
    for (size_t i = 0; i + 1 < prompt.size(); ++i) turns += Turn(i + 1, prompt[i]);
    html = Details(CountOf(static_cast<int64_t>(prompt.size()) - 1, "earlier turn"), turns);
  }
  return absl::StrCat(html, "<p class=\"name\">Prompt</p>",
                      TextBox("Prompt", prompt.back().content));
}

std::string Side(absl::string_view css, absl::string_view name, size_t index,
                 const std::vector<std::string>& texts, const std::vector<Score>& scores) {
  std::string title = std::string(name);
  if (texts.size() > 1) absl::StrAppend(&title, ", ", index + 1, " of ", texts.size());
  std::string cut;
  if (scores[index].truncated_tokens > 0) {
    cut = absl::StrCat(", scored without ", CountOf(scores[index].truncated_tokens, "token"));
  }
  return absl::StrCat("<div class=\"side ", css, "\"><p class=\"name\">", title, ": <strong>",
                      absl::StrFormat("%.4g", scores[index].score), "</strong>", cut, "</p>",
                      TextBox(title, texts[index]), "</div>\n");
}

std::string ObjectivesHtml(const std::vector<std::string>& names, const EvalRow& row) {
  const std::vector<float> shares = MarginShares(row);
  if (shares.size() != names.size()) return "";
  std::string list;
  for (const size_t i : TurnedBy(shares, kObjectives)) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", Html(names[i]), " ", Signed(shares[i]));
  }
  return list.empty() ? "" : Paragraph(absl::StrCat("Did most to turn it: ", list, "."), "note");
}

std::string RowHtml(size_t number, const EvalRow& row, const std::vector<std::string>& names) {
  const Comparison& comparison = row.comparison;
  const HardestPair pair = HardestPairOf(row);
  // What stands in the row's title is isolated: right-to-left text would turn it around.
  const std::string title = absl::StrCat(
      "<span class=\"rank\">", number, "</span><span class=\"margin\">", Signed(MarginOf(row)),
      "</span><span class=\"what\"><bdi>", Html(comparison.subset), "</bdi> <bdi class=\"soft\">",
      Html(IdText(comparison.id)), "</bdi></span>");
  return Details(
      title,
      absl::StrCat("<div class=\"row\">", PromptHtml(comparison.prompt), "<div class=\"pair\">",
                   Side("better", "Chosen", pair.chosen, comparison.chosen, row.chosen),
                   Side("worse", "Rejected", pair.rejected, comparison.rejected, row.rejected),
                   "</div>", ObjectivesHtml(names, row), "</div>"));
}

}  // namespace

PageSection TextSection(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  PageSection section = {.id = "worst", .title = "The worst errors"};
  if (summary.total.score.n() == 0) return section;
  const std::vector<size_t> lost = LostRows(rows);
  if (lost.empty()) {
    section.html = Paragraph("No row has a rejected response above a chosen one.");
    return section;
  }
  const size_t shown = std::min(kMost, lost.size());
  section.html = Paragraph(absl::StrCat(
      "Of ", CountOf(static_cast<int64_t>(lost.size()), "row"),
      " with a rejected response above a chosen one, the ", shown,
      " with the widest margin, by margin, subset and id. ",
      AreAllPairs(rows) ? "" : "Of several responses, the pair that decides is shown. ",
      "<strong>Texts can be offensive or harmful; each is closed until you open it.</strong>"));
  section.html += "<div class=\"texts\">";
  for (size_t i = 0; i < shown; ++i)
    section.html += RowHtml(i + 1, rows[lost[i]], summary.run.objectives);
  section.html += "</div>\n";
  return section;
}

}  // namespace assay::client
