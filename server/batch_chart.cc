#include "server/batch_chart.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/html_escape.h"
#include "server/page_text.h"

namespace assay {
namespace {

constexpr double kStep = 10;    // From bar to bar, in the picture's own units.
constexpr double kBar = 7;      // A bar's width.
constexpr double kHeight = 60;  // Of the largest bar.
constexpr double kLeast = 1;    // A bar of nothing is still to be seen.

std::string Ago(absl::Time then, absl::Time now) {
  const absl::Duration age = now - then;
  if (age < absl::Seconds(1)) return "just now";
  if (age < absl::Minutes(1)) return absl::StrCat(absl::ToInt64Seconds(age), " s ago");
  return absl::StrCat(ShortDuration(age), " ago");
}

std::string Tip(const RecentBatch& batch, absl::Time now) {
  const BatchRecord& record = batch.record;
  return EscapeHtml(absl::StrCat(
      Grouped(record.computed_tokens), " tokens, ", Grouped(record.responses), " responses, ",
      ShortDuration(record.forward), " on ", batch.device, ", ", Ago(record.began, now)));
}

struct Row {
  const char* title;
  const char* css;
  std::string largest;  // In words.
  std::function<double(const BatchRecord&)> value;
};

std::string Bars(const std::vector<RecentBatch>& batches, absl::Time now, const Row& row) {
  double largest = 0;
  for (const RecentBatch& batch : batches) largest = std::max(largest, row.value(batch.record));
  std::string svg = absl::StrFormat(
      "<div class=\"axis\"><span>%s</span><span>largest %s</span></div>"
      "<svg class=\"bars %s\" viewBox=\"0 0 %g %g\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"%s of the last batches; the table below has the numbers\">",
      row.title, row.largest, row.css, kStep * static_cast<double>(RecentBatches::kKept), kHeight,
      row.title);
  // The newest stands at the right end, however few there are.
  double x = kStep * static_cast<double>(RecentBatches::kKept - batches.size());
  for (const RecentBatch& batch : batches) {
    const double height =
        largest > 0 ? std::max(kLeast, kHeight * row.value(batch.record) / largest) : kLeast;
    absl::StrAppendFormat(&svg,
                          "<rect%s x=\"%g\" y=\"%.2f\" width=\"%g\" height=\"%.2f\">"
                          "<title>%s</title></rect>",
                          batch.record.failed > 0 ? " class=\"bad\"" : "", x, kHeight - height,
                          kBar, height, Tip(batch, now));
    x += kStep;
  }
  return absl::StrCat(svg, "</svg>");
}

}  // namespace

std::string BatchChart(const std::vector<RecentBatch>& batches, absl::Time now) {
  if (batches.empty()) return "<p class=\"none\">No batch has run yet.</p>";
  int64_t tokens = 0;
  absl::Duration forward = absl::ZeroDuration();
  for (const RecentBatch& batch : batches) {
    tokens = std::max(tokens, batch.record.computed_tokens);
    forward = std::max(forward, batch.record.forward);
  }
  return absl::StrCat(
      Bars(batches, now,
           {.title = "Computed tokens",
            .css = "tokens",
            .largest = Grouped(tokens),
            .value = [](const BatchRecord& r) { return static_cast<double>(r.computed_tokens); }}),
      Bars(batches, now,
           {.title = "Forward time",
            .css = "time",
            .largest = ShortDuration(forward),
            .value = [](const BatchRecord& r) { return absl::ToDoubleSeconds(r.forward); }}),
      "<div class=\"axis\"><span>", Ago(batches.front().record.began, now), "</span><span>",
      Ago(batches.back().record.began, now), "</span></div>");
}

std::string BatchTable(const std::vector<RecentBatch>& batches, absl::Time now) {
  if (batches.empty()) return "";
  std::string html =
      "<div class=\"rows\"><table><thead><tr><th>Began</th><th class=\"wide\">Device</th>"
      "<th class=\"n wide\">Groups</th><th class=\"n\">Responses</th>"
      "<th class=\"n wide\">Input tokens</th><th class=\"n\">Tokens</th>"
      "<th class=\"n\">Forward</th><th class=\"n wide\">Tokens/s</th>"
      "<th class=\"n wide\">Failed</th></tr></thead><tbody>";
  for (auto at = batches.rbegin(); at != batches.rend(); ++at) {
    const BatchRecord& record = at->record;
    const double seconds = absl::ToDoubleSeconds(record.forward);
    const std::string speed =
        seconds > 0
            ? Grouped(static_cast<int64_t>(static_cast<double>(record.computed_tokens) / seconds))
            : "–";
    absl::StrAppend(&html, "<tr><td>", Ago(record.began, now), "</td><td class=\"wide\">",
                    EscapeHtml(at->device), "</td><td class=\"n wide\">", Grouped(record.groups),
                    "</td><td class=\"n\">", Grouped(record.responses),
                    "</td><td class=\"n wide\">", Grouped(record.input_tokens),
                    "</td><td class=\"n\">", Grouped(record.computed_tokens),
                    "</td><td class=\"n\">", ShortDuration(record.forward),
                    "</td><td class=\"n wide\">", speed, "</td><td class=\"n wide",
                    record.failed > 0 ? " bad" : "", "\">", Grouped(record.failed), "</td></tr>");
  }
  return absl::StrCat(html, "</tbody></table></div>");
}

}  // namespace assay
