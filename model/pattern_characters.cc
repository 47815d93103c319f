#include "model/pattern_characters.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

absl::Status Unimplemented(absl::string_view construct) {
  return UnimplementedInPattern(construct);
}

class Reader {
 public:
  Reader(const ByteAlphabet& alphabet, bool fold, PatternCursor* cursor)
      : alphabet_(alphabet), fold_(fold), cursor_(*cursor) {}

  // One character's worth: a literal, an escape, a class or the dot.
  absl::StatusOr<PatternCharacters> Atom() {
    if (Peek() == '[') {
      ASSAY_ASSIGN_OR_RETURN(const ByteSet set, Class());
      return PatternCharacters{set};
    }
    if (Peek() == '.') {
      if (fold_) return Unimplemented(". within (?i:");
      cursor_.Next();
      ByteSet set;
      set.set();
      set.reset('\n');
      return PatternCharacters{set};
    }
    for (const char c : absl::string_view("^$*+?{}]")) {
      if (Peek() == static_cast<char32_t>(c)) {
        return Unimplemented(absl::StrCat("a bare ", std::string(1, c)));
      }
    }
    ASSAY_ASSIGN_OR_RETURN(PatternCharacters item, LiteralOrEscape());
    if (fold_) alphabet_.AddCaseVariants(&item.set);
    return item;
  }

 private:
  absl::StatusOr<PatternCharacters> LiteralOrEscape() {
    if (AtEnd()) return Unimplemented("an unfinished class");
    const char32_t rune = cursor_.Next();
    if (rune != '\\') return Literal(rune);
    if (AtEnd()) return Unimplemented("a \\ at the end");
    const char32_t escaped = cursor_.Next();
    switch (escaped) {
      case 'r':
        return Literal('\r');
      case 'n':
        return Literal('\n');
      case 't':
        return Literal('\t');
      case 'f':
        return Literal('\f');
      case 'v':
        return Literal('\v');
      case 's':
      case 'S':
      case 'd':
      case 'D':
      case 'p':
      case 'P':
        if (fold_) return Unimplemented("a character type within (?i:");
        return Type(escaped);
      default:
        break;
    }
    // Escaped \' \` \< \> are anchors in some flavours.
    if (escaped < 0x80 && absl::ascii_ispunct(static_cast<unsigned char>(escaped)) &&
        escaped != '\'' && escaped != '`' && escaped != '<' && escaped != '>' && escaped != '_') {
      return Literal(escaped);
    }
    if (escaped < 0x80 && absl::ascii_isalnum(static_cast<unsigned char>(escaped))) {
      return Unimplemented(absl::StrCat("\\", std::string(1, static_cast<char>(escaped))));
    }
    return Unimplemented("an escape of an unknown kind");
  }

  absl::StatusOr<PatternCharacters> Literal(char32_t rune) {
    if (fold_ && rune >= 0x80) return Unimplemented("a character beyond ASCII within (?i:");
    PatternCharacters item;
    item.set.set(alphabet_.ByteOf(rune));
    item.is_literal = true;
    item.literal = rune;
    return item;
  }

  absl::StatusOr<PatternCharacters> Type(char32_t kind) {
    PatternCharacters item;
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
      name += static_cast<char>(cursor_.Next());
    }
    if (!Accept("}")) return Unimplemented("\\p{ of an unknown form");
    return name;
  }

  absl::StatusOr<ByteSet> Class() {
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
      ASSAY_ASSIGN_OR_RETURN(PatternCharacters item, LiteralOrEscape());
      after_range_or_type = !item.is_literal;
      if (item.is_literal && Peek() == '-' && Peek(1) != ']' && Peek(1) != 0) {
        cursor_.Next();
        if (Peek() == '[') return Unimplemented("a class within a class");
        ASSAY_ASSIGN_OR_RETURN(const PatternCharacters last, LiteralOrEscape());
        if (!last.is_literal || last.literal >= 0x80 || last.literal < item.literal) {
          return Unimplemented("a range other than from ASCII up to ASCII");
        }
        for (char32_t rune = item.literal; rune <= last.literal; ++rune) item.set.set(rune);
        after_range_or_type = true;
      }
      set |= item.set;
    }
    if (fold_) alphabet_.AddCaseVariants(&set);
    if (negated) set.flip();
    return set;
  }

  char32_t Peek(size_t ahead = 0) const { return cursor_.Peek(ahead); }
  bool AtEnd() const { return cursor_.AtEnd(); }
  bool Accept(absl::string_view ascii) { return cursor_.Accept(ascii); }

  const ByteAlphabet& alphabet_;
  const bool fold_;
  PatternCursor& cursor_;
};

}  // namespace

bool PatternCursor::Accept(absl::string_view ascii) {
  for (size_t i = 0; i < ascii.size(); ++i) {
    if (Peek(i) != static_cast<char32_t>(ascii[i])) return false;
  }
  at_ += ascii.size();
  return true;
}

absl::Status UnimplementedInPattern(absl::string_view construct) {
  return absl::UnimplementedError(absl::StrCat("split pattern: ", construct));
}

absl::StatusOr<PatternCharacters> ReadCharacters(const ByteAlphabet& alphabet, bool fold,
                                                 PatternCursor* cursor) {
  return Reader(alphabet, fold, cursor).Atom();
}

}  // namespace assay
