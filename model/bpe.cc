#include "model/bpe.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay {
namespace {

// Up to here, looking through all neighbours for each merge is faster than a heap.
constexpr size_t kShortSymbols = 48;

constexpr int32_t kNoMerge = std::numeric_limits<int32_t>::max();

uint64_t PairKey(TokenId left, TokenId right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

// GPT-2's alphabet: printable characters of Latin-1 stand for themselves, the other bytes, in order, for U+0100 and up.
// Source: tokenizers, pre_tokenizers/byte_level.rs, bytes_char. -1: no byte.
int ByteOfCharacter(char32_t rune) {
  const auto is_itself = [](char32_t byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) ||
           (byte >= 0xAE && byte <= 0xFF);
  };
  if (is_itself(rune)) return static_cast<int>(rune);
  if (rune < 0x100) return -1;
  char32_t shifted = 0x100;
  for (char32_t byte = 0; byte < 0x100; ++byte) {
    if (is_itself(byte)) continue;
    if (shifted++ == rune) return static_cast<int>(byte);
  }
  return -1;
}

// The bytes that `token` stands for; false where some character of it stands for none.
bool SpellInBytes(absl::string_view token, std::string* bytes) {
  static const std::array<int16_t, 0x200>* const alphabet = [] {
    auto* table = new std::array<int16_t, 0x200>;
    for (char32_t rune = 0; rune < table->size(); ++rune) {
      (*table)[rune] = static_cast<int16_t>(ByteOfCharacter(rune));
    }
    return table;
  }();
  bytes->clear();
  while (!token.empty()) {
    const DecodedRune decoded = DecodeUtf8(token);
    if (decoded.bytes == 0 || decoded.rune >= alphabet->size()) return false;
    const int byte = (*alphabet)[decoded.rune];
    if (byte < 0) return false;
    bytes->push_back(static_cast<char>(byte));
    token.remove_prefix(decoded.bytes);
  }
  return true;
}

// Options of the section that change what a text encodes to, and that this build lacks.
absl::Status RefuseUnknownOptions(const JsonFields& model) {
  ASSAY_ASSIGN_OR_RETURN(const std::string type, model.String("type"));
  if (type != "BPE") {
    return absl::UnimplementedError(
        absl::StrCat(model.PathOf("type"), ": ", absl::CHexEscape(type)));
  }
  for (const char* key : {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                          "fuse_unk", "byte_fallback"}) {
    const Json* value = model.Find(key);
    const bool is_off = value == nullptr || *value == false || *value == "";
    if (!is_off) return absl::UnimplementedError(absl::StrCat(model.PathOf(key), ": is set"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Bpe> Bpe::Create(const JsonFields& model, Symbols symbols) {
  ASSAY_RETURN_IF_ERROR(RefuseUnknownOptions(model));
  ASSAY_ASSIGN_OR_RETURN(const bool ignore_merges, model.BoolOr("ignore_merges", false));
  Bpe bpe(symbols);
  ASSAY_RETURN_IF_ERROR(bpe.ReadVocabulary(model));
  ASSAY_RETURN_IF_ERROR(bpe.ReadMerges(model));
  bpe.FindOwnEncodings(ignore_merges);
  return bpe;
}

absl::Status Bpe::ReadVocabulary(const JsonFields& model) {
  ASSAY_ASSIGN_OR_RETURN(const Json* vocab, model.Required("vocab"));
  const std::string path = model.PathOf("vocab");
  if (!vocab->is_object()) return absl::DataLossError(absl::StrCat(path, ": not an object"));
  tokens_.reserve(vocab->size());
  absl::flat_hash_set<TokenId> ids;
  ids.reserve(vocab->size());
  std::string bytes;
  for (const auto& [spelling, value] : vocab->items()) {
    ASSAY_ASSIGN_OR_RETURN(const int64_t wide_id,
                           ToInteger(value, path, 0, std::numeric_limits<TokenId>::max() - 1));
    const TokenId id = static_cast<TokenId>(wide_id);
    if (!ids.insert(id).second) {
      return absl::DataLossError(absl::StrCat(path, ": two tokens have the id ", id));
    }
    max_id_ = std::max(max_id_, id);
    if (symbols_ == Symbols::kCharacters) {
      tokens_.emplace(spelling, Token{id, false});
    } else if (SpellInBytes(spelling, &bytes)) {
      if (bytes.size() == 1) first_symbols_[static_cast<uint8_t>(bytes[0])] = id;
      tokens_.emplace(bytes, Token{id, false});
    } else {
      unspeakable_.emplace(spelling, id);
    }
  }
  return absl::OkStatus();
}

absl::Status Bpe::ReadMerges(const JsonFields& model) {
  ASSAY_ASSIGN_OR_RETURN(const Json* merges, model.Array("merges"));
  if (merges->size() >= kNoMerge) return absl::DataLossError("model.merges: too many");
  merges_.reserve(merges->size());
  for (size_t i = 0; i < merges->size(); ++i) {
    const Json& merge = (*merges)[i];
    absl::string_view left, right;
    if (merge.is_string()) {
      const absl::string_view both = merge.get_ref<const std::string&>();
      if (absl::StartsWith(both, "#version")) continue;
      const size_t space = both.find(' ');
      if (space != both.npos && both.find(' ', space + 1) == both.npos) {
        left = both.substr(0, space);
        right = both.substr(space + 1);
      }
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      left = merge[0].get_ref<const std::string&>();
      right = merge[1].get_ref<const std::string&>();
    }
    const std::optional<TokenId> left_id = TokenToId(left);
    const std::optional<TokenId> right_id = TokenToId(right);
    const std::optional<TokenId> joined_id = TokenToId(absl::StrCat(left, right));
    if (left.empty() || right.empty() || !left_id || !right_id || !joined_id) {
      return absl::DataLossError(absl::StrCat(model.PathOf("merges"), "[", i,
                                              "]: not two tokens of the vocabulary whose joined "
                                              "text is a token too"));
    }
    // A pair given twice has its last rank, as in the reference.
    merges_[PairKey(*left_id, *right_id)] = {static_cast<int32_t>(i), *joined_id};
  }
  return absl::OkStatus();
}

// Most pieces of a text are whole tokens; knowing beforehand which of them the merges would yield saves merging.
void Bpe::FindOwnEncodings(bool ignore_merges) {
  TokenIds symbols;
  for (auto& [bytes, token] : tokens_) {
    if (!ignore_merges) {
      symbols.clear();
      AppendFirstSymbols(bytes, &symbols);
      MergeAll(&symbols);
    }
    token.is_own_encoding = ignore_merges || (symbols.size() == 1 && symbols[0] == token.id);
  }
}

std::optional<TokenId> Bpe::TokenToId(absl::string_view token) const {
  std::string bytes(token);
  if (symbols_ == Symbols::kBytes && !SpellInBytes(token, &bytes)) {
    const auto found = unspeakable_.find(token);
    return found == unspeakable_.end() ? std::nullopt : std::make_optional(found->second);
  }
  const auto found = tokens_.find(bytes);
  return found == tokens_.end() ? std::nullopt : std::make_optional(found->second.id);
}

const Bpe::Merge* Bpe::FindMerge(TokenId left, TokenId right) const {
  const auto found = merges_.find(PairKey(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void Bpe::Encode(absl::string_view piece, TokenIds* ids) const {
  const auto whole = tokens_.find(piece);
  if (whole != tokens_.end() && whole->second.is_own_encoding) {
    ids->push_back(whole->second.id);
    return;
  }
  TokenIds symbols;
  AppendFirstSymbols(piece, &symbols);
  MergeAll(&symbols);
  ids->insert(ids->end(), symbols.begin(), symbols.end());
}

void Bpe::AppendFirstSymbols(absl::string_view piece, TokenIds* symbols) const {
  symbols->reserve(piece.size());
  if (symbols_ == Symbols::kBytes) {
    for (const char c : piece) {
      const TokenId id = first_symbols_[static_cast<uint8_t>(c)];
      if (id >= 0) symbols->push_back(id);
    }
    return;
  }
  while (!piece.empty()) {
    const size_t bytes = std::max(DecodeUtf8(piece).bytes, 1);
    const auto found = tokens_.find(piece.substr(0, bytes));
    if (found != tokens_.end()) symbols->push_back(found->second.id);
    piece.remove_prefix(bytes);
  }
}

void Bpe::MergeAll(TokenIds* symbols) const {
  if (symbols->size() <= kShortSymbols) {
    MergeShort(symbols);
  } else {
    MergeLong(symbols);
  }
}

void Bpe::MergeShort(TokenIds* symbols) const {
  // pairs[i] is the merge of symbols i and i + 1.
  std::array<Merge, kShortSymbols> pairs;
  size_t count = symbols->size();
  const auto look_up = [&](size_t i) {
    const Merge* merge = FindMerge((*symbols)[i], (*symbols)[i + 1]);
    pairs[i] = merge == nullptr ? Merge{kNoMerge, -1} : *merge;
  };
  for (size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoMerge) break;
    (*symbols)[best] = pairs[best].id;
    std::copy(symbols->begin() + best + 2, symbols->begin() + count, symbols->begin() + best + 1);
    std::copy(pairs.begin() + best + 1, pairs.begin() + count - 1, pairs.begin() + best);
    --count;
    if (best > 0) look_up(best - 1);
    if (best + 1 < count) look_up(best);
  }
  symbols->resize(count);
}

void Bpe::MergeLong(TokenIds* symbols) const {
  // A doubly linked list over the places of the first symbols; a joined symbol keeps its left part's place.
  struct Node {
    TokenId id;  // -1: joined into the symbol before.
    int64_t previous, next;
  };
  // A merge that was possible when it was queued. It still is if both places hold the same ids.
  struct Candidate {
    int32_t rank;
    int64_t at;
    TokenId left, right, joined;
    bool operator<(const Candidate& other) const {
      return std::tie(rank, at) > std::tie(other.rank, other.at);
    }
  };
  const int64_t count = static_cast<int64_t>(symbols->size());
  std::vector<Node> nodes(count);
  for (int64_t i = 0; i < count; ++i) nodes[i] = {(*symbols)[i], i - 1, i + 1};
  std::vector<Candidate> candidates;
  const auto candidate_at = [&](int64_t at, Candidate* candidate) {
    if (at < 0 || nodes[at].next == count) return false;
    const TokenId left = nodes[at].id;
    const TokenId right = nodes[nodes[at].next].id;
    const Merge* merge = FindMerge(left, right);
    if (merge == nullptr) return false;
    *candidate = {merge->rank, at, left, right, merge->id};
    return true;
  };
  Candidate candidate;
  for (int64_t i = 0; i < count; ++i) {
    if (candidate_at(i, &candidate)) candidates.push_back(candidate);
  }
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(candidates));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Node& left = nodes[best.at];
    if (left.id != best.left || left.next == count || nodes[left.next].id != best.right) continue;
    Node& right = nodes[left.next];
    left.id = best.joined;
    right.id = -1;
    left.next = right.next;
    if (right.next < count) nodes[right.next].previous = best.at;
    if (candidate_at(left.previous, &candidate)) queue.push(candidate);
    if (candidate_at(best.at, &candidate)) queue.push(candidate);
  }
  symbols->clear();
  for (const Node& node : nodes) {
    if (node.id >= 0) symbols->push_back(node.id);
  }
}

}  // namespace assay
