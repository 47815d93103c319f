#include "model/split_pattern.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "model/byte_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace assay {
namespace {

// Far beyond what published patterns need on any text, and some seconds at most for a pattern that is hostile.
constexpr uint32_t kMatchLimit = 50'000'000;
constexpr uint32_t kHeapLimitKib = 64 * 1024;
constexpr size_t kJitStackBytes = 8 * 1024 * 1024;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* owned) const {
    Free(owned);
  }
};
using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
using JitStack = std::unique_ptr<pcre2_jit_stack, Freed<pcre2_jit_stack_free>>;

std::string Pcre2Message(int code) {
  PCRE2_UCHAR message[256] = {};
  pcre2_get_error_message(code, message, sizeof(message));
  return reinterpret_cast<const char*>(message);
}

absl::StatusOr<Code> Compile(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error,
                          &offset, nullptr));
  if (code == nullptr) {
    return absl::UnimplementedError(absl::StrCat("split pattern: ", Pcre2Message(error)));
  }
  // Without JIT (another processor, or a system that forbids it) the interpreter matches the same, more slowly.
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

// Matches on one thread. The compiled code is shared, the rest is this object's.
class Matcher {
 public:
  explicit Matcher(const pcre2_code* code)
      : code_(code),
        match_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    if (context_ == nullptr) return;
    pcre2_set_match_limit(context_.get(), kMatchLimit);
    pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
  }

  // PCRE2's return code for the first match at or after `from`; its range in `range`.
  int Find(absl::string_view bytes, size_t from, ByteRange* range) {
    if (match_ == nullptr || context_ == nullptr) return PCRE2_ERROR_NOMEMORY;
    int code = FindOnce(bytes, from);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT && stack_ == nullptr) {
      stack_.reset(pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr));
      if (stack_ == nullptr) return PCRE2_ERROR_NOMEMORY;
      pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
      code = FindOnce(bytes, from);
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match_.get());
    *range = {bounds[0], bounds[1]};
    return code;
  }

 private:
  int FindOnce(absl::string_view bytes, size_t from) {
    return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(bytes.data()), bytes.size(), from, 0,
                       match_.get(), context_.get());
  }

  const pcre2_code* const code_;
  const MatchData match_;
  const MatchContext context_;
  JitStack stack_;  // Only for what the default 32 KiB cannot do.
};

bool IsAscii(absl::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

// Turns positions counted in characters, in increasing order, into bytes.
class CharacterCursor {
 public:
  explicit CharacterCursor(absl::string_view text) : text_(text) {}

  size_t ByteAt(size_t character) {
    for (; character_ < character; ++character_) {
      do {
        ++byte_;
      } while (byte_ < text_.size() && (static_cast<unsigned char>(text_[byte_]) & 0xC0) == 0x80);
    }
    return byte_;
  }

 private:
  const absl::string_view text_;
  size_t character_ = 0;
  size_t byte_ = 0;
};

}  // namespace

struct SplitPattern::State {
  std::string literal;  // Of a literal pattern; the rest is empty then.
  ByteAlphabet alphabet;
  Code code;
};

SplitPattern::SplitPattern(std::unique_ptr<const State> state) : state_(std::move(state)) {}
SplitPattern::SplitPattern(SplitPattern&&) noexcept = default;
SplitPattern& SplitPattern::operator=(SplitPattern&&) noexcept = default;
SplitPattern::~SplitPattern() = default;

absl::StatusOr<SplitPattern> SplitPattern::FromRegex(absl::string_view pattern) {
  ASSAY_ASSIGN_OR_RETURN(BytePattern translated, TranslatePattern(pattern));
  ASSAY_ASSIGN_OR_RETURN(Code code, Compile(translated.pcre2));
  return SplitPattern(
      std::make_unique<State>(State{"", std::move(translated.alphabet), std::move(code)}));
}

absl::StatusOr<SplitPattern> SplitPattern::FromLiteral(absl::string_view literal) {
  if (literal.empty()) return absl::UnimplementedError("split pattern: an empty literal");
  ASSAY_ASSIGN_OR_RETURN(ByteAlphabet alphabet, ByteAlphabet::Create({}));
  return SplitPattern(
      std::make_unique<State>(State{std::string(literal), std::move(alphabet), nullptr}));
}

absl::Status SplitPattern::FindMatches(absl::string_view text,
                                       std::vector<ByteRange>* matches) const {
  matches->clear();
  if (state_->code == nullptr) {
    const std::string& literal = state_->literal;
    for (size_t at = text.find(literal); at != absl::string_view::npos;
         at = text.find(literal, at + literal.size())) {
      matches->push_back({at, at + literal.size()});
    }
    return absl::OkStatus();
  }
  const bool ascii = IsAscii(text);
  std::string translated;
  if (!ascii) state_->alphabet.AppendBytes(text, &translated);
  const absl::string_view bytes = ascii ? text : absl::string_view(translated);
  CharacterCursor cursor(text);
  Matcher matcher(state_->code.get());
  for (size_t from = 0; from < bytes.size();) {
    ByteRange range;
    const int code = matcher.Find(bytes, from, &range);
    if (code == PCRE2_ERROR_NOMATCH) break;
    if (code < 0) {
      return absl::InternalError(absl::StrCat("split pattern: ", Pcre2Message(code)));
    }
    if (range.end <= range.begin) return absl::InternalError("split pattern: an empty match");
    from = range.end;
    if (!ascii) {
      range.begin = cursor.ByteAt(range.begin);
      range.end = cursor.ByteAt(range.end);
    }
    matches->push_back(range);
  }
  return absl::OkStatus();
}

}  // namespace assay
