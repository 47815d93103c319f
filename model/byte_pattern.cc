#include "model/byte_pattern.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/utf8.h"

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

absl::Status Unimplemented(absl::string_view construct) {
  return absl::UnimplementedError(absl::StrCat("split pattern: ", construct));
}

// One pass over a pattern, writing the translation as it goes.
class Translator {
 public:
  Translator(std::vector<char32_t> pattern, const ByteAlphabet& alphabet)
      : pattern_(std::move(pattern)), alphabet_(alphabet) {}

  absl::StatusOr<std::string> Run() {
    ASSAY_ASSIGN_OR_RETURN(const bool can_be_empty, Alternatives(/*depth=*/0, /*fold=*/false));
    if (!AtEnd()) return Unimplemented("an unpaired )");
    if (can_be_empty) return Unimplemented("a pattern that can match nothing");
    return std::move(out_);
  }

 private:
  // One item of a class or an escape: characters, or one character that can begin a range.
  struct Item {
    ByteSet set;
    bool is_literal = false;
    char32_t literal = 0;
  };

  bool AtEnd() const { return at_ == pattern_.size(); }
  char32_t Peek(size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : 0;
  }
  bool Accept(absl::string_view ascii) {
    for (size_t i = 0; i < ascii.size(); ++i) {
      if (at_ + i >= pattern_.size() || Peek(i) != static_cast<char32_t>(ascii[i])) return false;
    }
    at_ += ascii.size();
    return true;
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
      ASSAY_ASSIGN_OR_RETURN(Item item, Atom(fold));
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
    const bool fold = Accept("(?i:");
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
      out_ += static_cast<char>(pattern_[at_++]);
      if (Peek() == '?' || Peek() == '+') out_ += static_cast<char>(pattern_[at_++]);
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
    const size_t begin = at_;
    while (Peek() >= '0' && Peek() <= '9') {
      count = count * 10 + static_cast<int>(pattern_[at_++] - '0');
      if (count > kMaxRepeats) return Unimplemented("an interval beyond 255");
    }
    if (at_ == begin) return Unimplemented("an interval other than {n} {n,} {n,m}");
    return count;
  }

  // One character's worth: a literal, an escape, a class or the dot.
  absl::StatusOr<Item> Atom(bool fold) {
    if (Peek() == '[') {
      ASSAY_ASSIGN_OR_RETURN(const ByteSet set, Class(fold));
      return Item{set};
    }
    if (Peek() == '.') {
      if (fold) return Unimplemented(". within (?i:");
      ++at_;
      ByteSet set;
      set.set();
      set.reset('\n');
      return Item{set};
    }
    for (const char c : absl::string_view("^$*+?{}]")) {
      if (Peek() == static_cast<char32_t>(c)) {
        return Unimplemented(absl::StrCat("a bare ", std::string(1, c)));
      }
    }
    ASSAY_ASSIGN_OR_RETURN(Item item, LiteralOrEscape(fold));
    if (fold) alphabet_.AddCaseVariants(&item.set);
    return item;
  }

  absl::StatusOr<Item> LiteralOrEscape(bool fold) {
    if (AtEnd()) return Unimplemented("an unfinished class");
    const char32_t rune = pattern_[at_++];
    if (rune != '\\') return Literal(rune, fold);
    if (AtEnd()) return Unimplemented("a \\ at the end");
    const char32_t escaped = pattern_[at_++];
    switch (escaped) {
      case 'r':
        return Literal('\r', fold);
      case 'n':
        return Literal('\n', fold);
      case 't':
        return Literal('\t', fold);
      case 'f':
        return Literal('\f', fold);
      case 'v':
        return Literal('\v', fold);
      case 's':
      case 'S':
      case 'd':
      case 'D':
      case 'p':
      case 'P':
        if (fold) return Unimplemented("a character type within (?i:");
        return Type(escaped);
      default:
        break;
    }
    // Escaped \' \` \< \> are anchors in some flavours.
    if (escaped < 0x80 && absl::ascii_ispunct(static_cast<unsigned char>(escaped)) &&
        escaped != '\'' && escaped != '`' && escaped != '<' && escaped != '>' && escaped != '_') {
      return Literal(escaped, fold);
    }
    if (escaped < 0x80 && absl::ascii_isalnum(static_cast<unsigned char>(escaped))) {
      return Unimplemented(absl::StrCat("\\", std::string(1, static_cast<char>(escaped))));
    }
    return Unimplemented("an escape of an unknown kind");
  }

  absl::StatusOr<Item> Literal(char32_t rune, bool fold) {
    if (fold && rune >= 0x80) return Unimplemented("a character beyond ASCII within (?i:");
    Item item;
    item.set.set(alphabet_.ByteOf(rune));
    item.is_literal = true;
    item.literal = rune;
    return item;
  }

  absl::StatusOr<Item> Type(char32_t kind) {
    Item item;
    if (kind == 's' || kind == 'S') {
      item.set = alphabet_.WhiteSpace();
    } else if (kind == 'd' || kind == 'D') {
      item.set = alphabet_.Category("Nd");
    } else {
      ASSAY_ASSIGN_OR_RETURN(const std::string name, PropertyName());
      item.set = alphabet_.Category(name);
      if (item.set.none()) {
        return Unimplemented(absl::StrCat("\\p{", absl::CHexEscape(name), "}"));
      }
    }
    if (kind == 'S' || kind == 'D' || kind == 'P') item.set.flip();
    return item;
  }

  absl::StatusOr<std::string> PropertyName() {
    std::string name;
    if (!Accept("{")) return Unimplemented("\\p without {");
    while (!AtEnd() && Peek() != '}' && Peek() < 0x80 && name.size() < 32) {
      name += static_cast<char>(pattern_[at_++]);
    }
    if (!Accept("}")) return Unimplemented("\\p{ of an unknown form");
    return name;
  }

  absl::StatusOr<ByteSet> Class(bool fold) {
    Accept("[");
    const bool negated = Accept("^");
    if (Peek() == ']') return Unimplemented("a class that is empty or begins with ]");
    ByteSet set;
    bool after_range_or_type = false;
    while (!Accept("]")) {
      if (Peek() == '[') return Unimplemented("a class within a class");
      if (Peek() == '&' && Peek(1) == '&') return Unimplemented("&& within a class");
      if (after_range_or_type && Peek() == '-' && Peek(1) != ']') {
        return Unimplemented("a - after a range or type within a class");
      }
      ASSAY_ASSIGN_OR_RETURN(Item item, LiteralOrEscape(fold));
      after_range_or_type = !item.is_literal;
      if (item.is_literal && Peek() == '-' && Peek(1) != ']' && Peek(1) != 0) {
        ++at_;
        if (Peek() == '[') return Unimplemented("a class within a class");
        ASSAY_ASSIGN_OR_RETURN(const Item last, LiteralOrEscape(fold));
        if (!last.is_literal || last.literal >= 0x80 || last.literal < item.literal) {
          return Unimplemented("a range other than from ASCII up to ASCII");
        }
        for (char32_t rune = item.literal; rune <= last.literal; ++rune) item.set.set(rune);
        after_range_or_type = true;
      }
      set |= item.set;
    }
    if (fold) alphabet_.AddCaseVariants(&set);
    if (negated) set.flip();
    return set;
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

  const std::vector<char32_t> pattern_;
  const ByteAlphabet& alphabet_;
  size_t at_ = 0;
  bool quantified_ = false;  // By the last call of Quantifier().
  std::string out_;
};

}  // namespace

absl::StatusOr<BytePattern> TranslatePattern(absl::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) return Unimplemented("longer than 4096 bytes");
  std::vector<char32_t> runes;
  for (absl::string_view rest = pattern; !rest.empty();) {
    const DecodedRune decoded = DecodeUtf8(rest);
    if (decoded.bytes == 0 || decoded.rune == 0) return Unimplemented("NUL or not UTF-8");
    runes.push_back(decoded.rune);
    rest.remove_prefix(decoded.bytes);
  }
  ASSAY_ASSIGN_OR_RETURN(ByteAlphabet alphabet, ByteAlphabet::Create(runes));
  ASSAY_ASSIGN_OR_RETURN(std::string pcre2, Translator(std::move(runes), alphabet).Run());
  return BytePattern{std::move(pcre2), std::move(alphabet)};
}

}  // namespace assay
