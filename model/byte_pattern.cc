#include "model/byte_pattern.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "model/pattern_characters.h"

namespace assay {
namespace {

constexpr size_t kMaxPatternBytes = 4096;
constexpr int kMaxDepth = 32;
constexpr int kMaxRepeats = 255;

// Case folding also knows characters that fold to two letters; these are all such pairs within ASCII.
bool FoldsToOneCharacter(char first, char second) {
  const std::string pair = {first, second};
  return pair == "ss" || pair == "st" || pair == "ff" || pair == "fi" || pair == "fl";
}

bool IsDigit(char32_t rune) { return rune >= '0' && rune <= '9'; }

// One pass over a pattern, writing the translation as it goes.
class Translator {
 public:
  Translator(const std::vector<char32_t>& pattern, const ByteAlphabet& alphabet)
      : cursor_(pattern), alphabet_(alphabet) {}

  absl::StatusOr<std::string> Run() {
    ASSAY_ASSIGN_OR_RETURN(const bool can_be_empty, Alternatives(/*depth=*/0, /*fold=*/false));
    if (!AtEnd()) return Unimplemented("an unpaired )");
    if (can_be_empty) return Unimplemented("a pattern that can match nothing");
    return std::move(out_);
  }

 private:
  bool AtEnd() const { return cursor_.AtEnd(); }
  char32_t Peek(size_t ahead = 0) const { return cursor_.Peek(ahead); }
  bool Accept(absl::string_view ascii) { return cursor_.Accept(ascii); }

  static absl::Status Unimplemented(absl::string_view construct) {
    return UnimplementedInPattern(construct);
  }

  // Each of these returns whether what it read can match the empty text.
  absl::StatusOr<bool> Alternatives(int depth, bool fold) {
    if (depth > kMaxDepth) return Unimplemented("groups nested too deep");
    bool can_be_empty = false;
    do {
      ASSAY_ASSIGN_OR_RETURN(const bool branch_empty, Branch(depth, fold));
      can_be_empty |= branch_empty;
      if (Peek() == '|') out_ += '|';
    } while (Accept("|"));
    return can_be_empty;
  }

  absl::StatusOr<bool> Branch(int depth, bool fold) {
    bool can_be_empty = true;
    char previous = 0;  // The literal letter before, where folding.
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      if (Peek() == '(') {
        if (fold) return Unimplemented("a group within (?i:");
        ASSAY_ASSIGN_OR_RETURN(const bool group_empty, Group(depth));
        can_be_empty &= group_empty;
        continue;
      }
      ASSAY_ASSIGN_OR_RETURN(const PatternCharacters item,
                             ReadCharacters(alphabet_, fold, &cursor_));
      if (fold) {
        const char letter =
            item.is_literal ? absl::ascii_tolower(static_cast<unsigned char>(item.literal)) : 0;
        if (FoldsToOneCharacter(previous, letter)) return Unimplemented("ss, st or f. within (?i:");
        previous = letter;
      }
      Emit(item.set);
      ASSAY_ASSIGN_OR_RETURN(const bool may_skip, Quantifier(/*atom_can_be_empty=*/false));
      if (fold && quantified_) return Unimplemented("a quantifier within (?i:");
      can_be_empty &= may_skip;
    }
    return can_be_empty;
  }

  absl::StatusOr<bool> Group(int depth) {
    const bool look_ahead = Accept("(?=");
    const bool look_ahead_not = !look_ahead && Accept("(?!");
    const bool fold = !look_ahead && !look_ahead_not && Accept("(?i:");
    if (look_ahead || look_ahead_not) {
      out_ += look_ahead ? "(?=" : "(?!";
    } else {
      if (!fold && !Accept("(?:")) {
        if (Peek(1) == '?' || Peek(1) == '*') return Unimplemented("a (? group of an unknown kind");
        Accept("(");
      }
      out_ += "(?:";
    }
    ASSAY_ASSIGN_OR_RETURN(const bool group_empty, Alternatives(depth + 1, fold));
    if (!Accept(")")) return Unimplemented("an unpaired (");
    out_ += ')';
    const bool can_be_empty = group_empty || look_ahead || look_ahead_not;
    ASSAY_ASSIGN_OR_RETURN(const bool may_skip, Quantifier(can_be_empty));
    if (quantified_ && (look_ahead || look_ahead_not))
      return Unimplemented("a repeated look-ahead");
    return can_be_empty || may_skip;
  }

  // A quantifier if there is one; true if it allows none at all.
  absl::StatusOr<bool> Quantifier(bool atom_can_be_empty) {
    quantified_ = true;
    bool may_skip = false;
    bool repeats = true;
    if (Peek() == '{') {
      ASSAY_ASSIGN_OR_RETURN(const int least, Interval());
      may_skip = least == 0;
    } else if (!AtEnd() && (Peek() == '*' || Peek() == '+' || Peek() == '?')) {
      may_skip = Peek() != '+';
      repeats = Peek() != '?';
      out_ += static_cast<char>(cursor_.Next());
      if (Peek() == '?' || Peek() == '+') out_ += static_cast<char>(cursor_.Next());
    } else {
      quantified_ = false;
      return false;
    }
    if (repeats && atom_can_be_empty)
      return Unimplemented("a repeated group that can match nothing");
    if (Peek() == '*' || Peek() == '+' || Peek() == '?' || Peek() == '{') {
      return Unimplemented("a quantifier after a quantifier");
    }
    return may_skip;
  }

  // {n}, {n,} or {n,m}; returns n.
  absl::StatusOr<int> Interval() {
    Accept("{");
    ASSAY_ASSIGN_OR_RETURN(const int least, Count());
    int most = least;
    bool bounded = true;
    if (Accept(",")) {
      bounded = Peek() != '}';
      if (bounded) {
        ASSAY_ASSIGN_OR_RETURN(most, Count());
      }
    }
    if (!Accept("}") || most < least) return Unimplemented("an interval other than {n} {n,} {n,m}");
    absl::StrAppend(&out_, "{", least, ",");
    if (bounded) absl::StrAppend(&out_, most);
    out_ += '}';
    return least;
  }

  absl::StatusOr<int> Count() {
    int count = 0;
    if (!IsDigit(Peek())) return Unimplemented("an interval other than {n} {n,} {n,m}");
    while (IsDigit(Peek())) {
      count = count * 10 + static_cast<int>(cursor_.Next() - '0');
      if (count > kMaxRepeats) return Unimplemented("an interval beyond 255");
    }
    return count;
  }

  void Emit(const ByteSet& set) {
    if (set.none()) {
      out_ += "[^\\x00-\\xFF]";
      return;
    }
    const bool single = set.count() == 1;
    if (!single) out_ += '[';
    for (int first = 0; first < 256; ++first) {
      if (!set.test(first)) continue;
      int last = first;
      while (last < 255 && set.test(last + 1)) ++last;
      absl::StrAppendFormat(&out_, "\\x%02X", first);
      if (last > first) absl::StrAppendFormat(&out_, "-\\x%02X", last);
      first = last;
    }
    if (!single) out_ += ']';
  }

  PatternCursor cursor_;
  const ByteAlphabet& alphabet_;
  bool quantified_ = false;  // By the last call of Quantifier().
  std::string out_;
};

}  // namespace

absl::StatusOr<BytePattern> TranslatePattern(absl::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) return UnimplementedInPattern("longer than 4096 bytes");
  std::vector<char32_t> runes;
  for (absl::string_view rest = pattern; !rest.empty();) {
    const DecodedRune decoded = DecodeUtf8(rest);
    if (decoded.bytes == 0 || decoded.rune == 0) return UnimplementedInPattern("NUL or not UTF-8");
    runes.push_back(decoded.rune);
    rest.remove_prefix(decoded.bytes);
  }
  ASSAY_ASSIGN_OR_RETURN(ByteAlphabet alphabet, ByteAlphabet::Create(runes));
  ASSAY_ASSIGN_OR_RETURN(std::string pcre2, Translator(runes, alphabet).Run());
  return BytePattern{std::move(pcre2), std::move(alphabet)};
}

}  // namespace assay
