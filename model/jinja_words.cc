#include "model/jinja_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kMaxTemplateBytes = 1 << 20;

// Source text to words: data as outputs of texts, tags word by word.
class Reader {
 public:
  // Jinja knows three kinds of line ends and drops one at the end of the source.
  explicit Reader(absl::string_view jinja)
      : source_(absl::StrReplaceAll(jinja, {{"\r\n", "\n"}, {"\r", "\n"}})) {
    if (absl::EndsWith(source_, "\n")) source_.pop_back();
  }

  std::optional<Words> Read() {
    while (at_ < source_.size()) {
      const size_t tag = FindTag();
      ReadData(tag);
      if (at_ < source_.size() && !ReadTag()) return std::nullopt;
    }
    return std::move(words_);
  }

 private:
  // The next "{{", "{%" or "{#", or the end.
  size_t FindTag() const {
    for (size_t at = at_; at + 1 < source_.size(); ++at) {
      const char next = source_[at + 1];
      if (source_[at] == '{' && (next == '{' || next == '%' || next == '#')) return at;
    }
    return source_.size();
  }

  // Data up to the tag at `tag`, less what the tags on both sides strip.
  void ReadData(size_t tag) {
    absl::string_view data = absl::string_view(source_).substr(at_, tag - at_);
    if (tag < source_.size()) {
      const char control = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
      if (control == '-') {
        data = absl::StripTrailingAsciiWhitespace(data);
      } else if (control != '+' && source_[tag + 1] != '{') {
        StripLineStart(&data);
      }
    }
    if (strip_next_) data = absl::StripLeadingAsciiWhitespace(data);
    if (drop_newline_ && absl::StartsWith(data, "\n")) data.remove_prefix(1);
    if (!data.empty()) {
      words_.insert(words_.end(), {"{{", absl::StrCat("'", data), "}}"});
    }
    at_ = tag;
  }

  // lstrip_blocks: a block that is the first thing on its line takes the blanks before it.
  void StripLineStart(absl::string_view* data) const {
    const size_t line = data->rfind('\n') + 1;  // 0 where there is none.
    const bool begins_line = line > 0 || at_ == 0;
    const absl::string_view blanks = data->substr(line);
    if (begins_line && absl::StripAsciiWhitespace(blanks).empty())
      data->remove_suffix(blanks.size());
  }

  bool ReadTag() {
    const char kind = source_[at_ + 1];
    at_ += 2;
    if (kind == '#') return SkipComment();
    const std::string close = kind == '{' ? "}}" : "%}";
    words_.push_back(absl::StrCat("{", std::string(1, kind)));
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
    for (;;) {
      while (at_ < source_.size() && absl::ascii_isspace(source_[at_])) ++at_;
      const absl::string_view rest = absl::string_view(source_).substr(at_);
      const bool strips = absl::StartsWith(rest, absl::StrCat("-", close));
      const bool keeps = absl::StartsWith(rest, absl::StrCat("+", close));
      if (strips || keeps || absl::StartsWith(rest, close)) {
        at_ += close.size() + (strips || keeps ? 1 : 0);
        words_.push_back(close);
        AfterTag(strips, /*is_block=*/kind == '%' && !keeps);
        return true;
      }
      if (rest.empty() || !ReadWord(rest)) return false;
    }
  }

  bool SkipComment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) return false;
    const bool strips = end > at_ && source_[end - 1] == '-';
    at_ = end + 2;
    AfterTag(strips, /*is_block=*/true);
    return true;
  }

  void AfterTag(bool strips, bool is_block) {
    strip_next_ = strips;
    drop_newline_ = is_block;  // trim_blocks.
  }

  bool ReadWord(absl::string_view rest) {
    if (rest[0] == '\'' || rest[0] == '"') return ReadText(rest);
    size_t bytes = 0;
    while (bytes < rest.size() && (absl::ascii_isalnum(rest[bytes]) || rest[bytes] == '_')) ++bytes;
    if (bytes == 0) {
      constexpr std::array<absl::string_view, 4> kLong = {"==", "!=", ">=", "<="};
      constexpr absl::string_view kShort = "+~|.,:()[]{}=<>";
      if (std::find(kLong.begin(), kLong.end(), rest.substr(0, 2)) != kLong.end()) {
        bytes = 2;
      } else if (kShort.find(rest[0]) != absl::string_view::npos) {
        bytes = 1;
      } else {
        return false;
      }
    }
    words_.emplace_back(rest.substr(0, bytes));
    at_ += bytes;
    return true;
  }

  bool ReadText(absl::string_view rest) {
    std::string text = "'";
    for (size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == rest[0]) {
        words_.push_back(std::move(text));
        at_ += i + 1;
        return true;
      }
      if (rest[i] != '\\') {
        text += rest[i];
        continue;
      }
      if (++i == rest.size()) return false;
      switch (rest[i]) {
        case 'n':
          text += '\n';
          break;
        case 't':
          text += '\t';
          break;
        case 'r':
          text += '\r';
          break;
        case '\\':
        case '\'':
        case '"':
          text += rest[i];
          break;
        default:
          return false;
      }
    }
    return false;
  }

  std::string source_;
  size_t at_ = 0;
  bool strip_next_ = false;    // By the tag before.
  bool drop_newline_ = false;  // By the tag before.
  Words words_;
};

}  // namespace

std::optional<std::vector<std::string>> WordsOf(absl::string_view jinja) {
  if (jinja.size() > kMaxTemplateBytes) return std::nullopt;
  return Reader(jinja).Read();
}

}  // namespace assay
