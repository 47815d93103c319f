#include "model/pre_tokenizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "model/unicode.h"

namespace assay {
namespace {

// GPT-2's pattern, which ByteLevel applies with use_regex. Source: tokenizers, pre_tokenizers/byte_level.rs.
constexpr absl::string_view kByteLevelPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr int kMaxDepth = 8;

struct Stretch {
  ByteRange range;
  bool matched;
};

// All of `text`, in order: each match on its own, and what lies between matches.
std::vector<Stretch> Stretches(absl::string_view text, const std::vector<ByteRange>& matches,
                               bool invert) {
  std::vector<Stretch> stretches;
  size_t end = 0;
  for (const ByteRange& match : matches) {
    if (match.begin > end) stretches.push_back({{end, match.begin}, invert});
    stretches.push_back({match, !invert});
    end = match.end;
  }
  if (text.size() > end) stretches.push_back({{end, text.size()}, invert});
  return stretches;
}

}  // namespace

absl::StatusOr<PreTokenizer> PreTokenizer::Create(const Json* json) {
  PreTokenizer pre_tokenizer;
  if (json == nullptr) return pre_tokenizer;
  ASSAY_ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(*json, "pre_tokenizer"));
  ASSAY_RETURN_IF_ERROR(pre_tokenizer.AddSteps(fields, 0));
  return pre_tokenizer;
}

absl::Status PreTokenizer::AddSteps(const JsonFields& fields, int depth) {
  std::string type;
  ASSAY_ASSIGN_OR_RETURN(type, fields.String("type"));
  if (type == "Sequence") return AddSequence(fields, depth);
  if (is_byte_level_) {
    return absl::UnimplementedError("pre_tokenizer: a step after ByteLevel");
  }
  if (type == "Split") return AddSplit(fields);
  if (type == "ByteLevel") return AddByteLevel(fields);
  if (type == "Digits") {
    ASSAY_ASSIGN_OR_RETURN(const bool individual, fields.Bool("individual_digits"));
    steps_.emplace_back(DigitsStep{individual});
    return absl::OkStatus();
  }
  return absl::UnimplementedError(
      absl::StrCat(fields.PathOf("type"), ": ", absl::CHexEscape(type)));
}

absl::Status PreTokenizer::AddSequence(const JsonFields& fields, int depth) {
  if (depth == kMaxDepth) {
    return absl::UnimplementedError("pre_tokenizer: a Sequence nested too deep");
  }
  ASSAY_ASSIGN_OR_RETURN(const Json* parts, fields.Array("pretokenizers"));
  for (size_t i = 0; i < parts->size(); ++i) {
    const std::string path = absl::StrCat(fields.PathOf("pretokenizers"), "[", i, "]");
    ASSAY_ASSIGN_OR_RETURN(const JsonFields part, JsonFields::Of((*parts)[i], path));
    ASSAY_RETURN_IF_ERROR(AddSteps(part, depth + 1));
  }
  return absl::OkStatus();
}

absl::Status PreTokenizer::AddSplit(const JsonFields& fields) {
  ASSAY_ASSIGN_OR_RETURN(const JsonFields pattern, fields.Object("pattern"));
  const bool is_regex = pattern.Has("Regex");
  ASSAY_ASSIGN_OR_RETURN(const std::string text, pattern.String(is_regex ? "Regex" : "String"));
  ASSAY_ASSIGN_OR_RETURN(const std::string name, fields.String("behavior"));
  ASSAY_ASSIGN_OR_RETURN(const bool invert, fields.Bool("invert"));
  constexpr std::pair<absl::string_view, Behavior> kBehaviors[] = {
      {"Isolated", Behavior::kIsolated},
      {"Removed", Behavior::kRemoved},
      {"MergedWithPrevious", Behavior::kMergedWithPrevious},
      {"MergedWithNext", Behavior::kMergedWithNext},
      {"Contiguous", Behavior::kContiguous},
  };
  for (const auto& [known, behavior] : kBehaviors) {
    if (name != known) continue;
    ASSAY_ASSIGN_OR_RETURN(SplitPattern compiled, is_regex ? SplitPattern::FromRegex(text)
                                                           : SplitPattern::FromLiteral(text));
    steps_.emplace_back(SplitStep{std::move(compiled), behavior, invert});
    return absl::OkStatus();
  }
  return absl::UnimplementedError(
      absl::StrCat(fields.PathOf("behavior"), ": ", absl::CHexEscape(name)));
}

absl::Status PreTokenizer::AddByteLevel(const JsonFields& fields) {
  ASSAY_ASSIGN_OR_RETURN(const bool prefix_space, fields.Bool("add_prefix_space"));
  ASSAY_ASSIGN_OR_RETURN(const bool use_regex, fields.BoolOr("use_regex", true));
  if (prefix_space) steps_.emplace_back(PrefixSpaceStep{});
  if (use_regex) {
    ASSAY_ASSIGN_OR_RETURN(SplitPattern pattern, SplitPattern::FromRegex(kByteLevelPattern));
    steps_.emplace_back(SplitStep{std::move(pattern), Behavior::kIsolated, false});
  }
  is_byte_level_ = true;
  return absl::OkStatus();
}

absl::Status PreTokenizer::Split(absl::string_view text, Pieces* pieces) const {
  pieces->views.clear();
  pieces->owned.clear();
  if (text.empty()) return absl::OkStatus();
  pieces->views.push_back(text);
  std::vector<absl::string_view> input;
  for (const auto& step : steps_) {
    input.swap(pieces->views);
    pieces->views.clear();
    for (const absl::string_view piece : input) {
      ASSAY_RETURN_IF_ERROR(std::visit(
          [&](const auto& known_step) { return Apply(known_step, piece, pieces); }, step));
    }
  }
  return absl::OkStatus();
}

// The rules are those of tokenizers, normalizer.rs, NormalizedString::split: a match joins its neighbour only where that
// one is not itself a match.
absl::Status PreTokenizer::Apply(const SplitStep& step, absl::string_view piece, Pieces* out) {
  std::vector<ByteRange> matches;
  ASSAY_RETURN_IF_ERROR(step.pattern.FindMatches(piece, &matches));
  const std::vector<Stretch> stretches = Stretches(piece, matches, step.invert);
  std::vector<ByteRange> kept;
  for (size_t i = 0; i < stretches.size(); ++i) {
    const auto& [range, matched] = stretches[i];
    const bool previous_matched = i > 0 && stretches[i - 1].matched;
    bool joins_previous = false;
    switch (step.behavior) {
      case Behavior::kRemoved:
        if (matched) continue;
        break;
      case Behavior::kIsolated:
        break;
      case Behavior::kContiguous:
        joins_previous = i > 0 && matched == previous_matched;
        break;
      case Behavior::kMergedWithPrevious:
        joins_previous = i > 0 && matched && !previous_matched;
        break;
      case Behavior::kMergedWithNext:
        // The match before joins this stretch, unless this one is a match too.
        joins_previous = previous_matched && !matched;
        break;
    }
    if (joins_previous && !kept.empty()) {
      kept.back().end = range.end;
    } else {
      kept.push_back(range);
    }
  }
  for (const ByteRange& range : kept) {
    out->views.push_back(piece.substr(range.begin, range.end - range.begin));
  }
  return absl::OkStatus();
}

absl::Status PreTokenizer::Apply(const DigitsStep& step, absl::string_view piece, Pieces* out) {
  size_t begin = 0;
  bool run_is_numeric = false;
  for (size_t at = 0; at < piece.size();) {
    const DecodedRune decoded = DecodeUtf8(piece.substr(at));
    const bool numeric = IsNumeric(decoded.rune);
    if (at > begin && (numeric != run_is_numeric || (numeric && step.individual))) {
      out->views.push_back(piece.substr(begin, at - begin));
      begin = at;
    }
    run_is_numeric = numeric;
    at += std::max(decoded.bytes, 1);
  }
  if (begin < piece.size()) out->views.push_back(piece.substr(begin));
  return absl::OkStatus();
}

absl::Status PreTokenizer::Apply(const PrefixSpaceStep&, absl::string_view piece, Pieces* out) {
  if (piece[0] == ' ') {
    out->views.push_back(piece);
  } else {
    out->views.push_back(out->owned.emplace_back(absl::StrCat(" ", piece)));
  }
  return absl::OkStatus();
}

}  // namespace assay
