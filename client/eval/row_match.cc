#include "client/eval/row_match.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

// Subset, id as JSON (so that 7 is not "7"), and how many of both came before.
using RowKey = std::tuple<std::string, std::string, int64_t>;

// Gives each row of one run its key, in the run's order.
class KeyMaker {
 public:
  RowKey KeyOf(const Comparison& comparison) {
    std::string id = DumpLine(comparison.id);
    const int64_t before = seen_[{comparison.subset, id}]++;
    return {comparison.subset, std::move(id), before};
  }

 private:
  std::map<std::pair<std::string, std::string>, int64_t> seen_;
};

bool SamePrompt(const std::vector<Message>& a, const std::vector<Message>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Message& x, const Message& y) {
    return x.role == y.role && x.content == y.content;
  });
}

// The first field in which two comparisons of one key differ.
std::optional<std::string> DifferingField(const Comparison& a, const Comparison& b) {
  if (!SamePrompt(a.prompt, b.prompt)) return "prompt";
  if (a.chosen != b.chosen) return "chosen";
  if (a.rejected != b.rejected) return "rejected";
  return std::nullopt;
}

void Count(const EvalRow& row, UnmatchedRows* unmatched) {
  ++unmatched->count;
  if (unmatched->first.size() < UnmatchedRows::kMaxNamed) {
    unmatched->first.push_back(RowName(row.comparison));
  }
}

}  // namespace

std::string RowName(const Comparison& comparison) {
  return absl::StrCat("subset \"", comparison.subset, "\", id ", DumpLine(comparison.id));
}

absl::StatusOr<RowMatch> MatchRows(std::vector<EvalRow> a, std::vector<EvalRow> b) {
  std::map<RowKey, size_t> place_in_b;
  KeyMaker keys_of_b;
  for (size_t i = 0; i < b.size(); ++i) place_in_b[keys_of_b.KeyOf(b[i].comparison)] = i;

  RowMatch match;
  std::vector<bool> is_matched(b.size(), false);
  KeyMaker keys_of_a;
  for (EvalRow& row : a) {
    const auto it = place_in_b.find(keys_of_a.KeyOf(row.comparison));
    if (it == place_in_b.end()) {
      Count(row, &match.only_a);
      continue;
    }
    EvalRow& other = b[it->second];
    is_matched[it->second] = true;
    if (const auto field = DifferingField(row.comparison, other.comparison); field.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(RowName(row.comparison), ": field \"", *field,
                       "\" is not the same in both runs; compare runs over the same data"));
    }
    if (!row.error.ok()) ++match.errors_a;
    if (!other.error.ok()) ++match.errors_b;
    if (!row.error.ok() || !other.error.ok()) {
      ++match.with_errors;
      continue;
    }
    match.a.push_back(std::move(row));
    match.b.push_back(std::move(other));
  }
  for (size_t i = 0; i < b.size(); ++i) {
    if (!is_matched[i]) Count(b[i], &match.only_b);
  }
  if (match.a.empty()) {
    return absl::InvalidArgumentError(
        "no row is scored in both runs; compare runs over the same data");
  }
  return match;
}

}  // namespace assay::client
