#include "model/bpe.h"

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

absl::StatusOr<Bpe> Create(const Json& model, Bpe::Symbols symbols = Bpe::Symbols::kCharacters) {
  return Bpe::Create(JsonFields::Of(model, "model").value(), symbols);
}

TokenIds Encode(const Bpe& bpe, absl::string_view piece) {
  TokenIds ids;
  bpe.Encode(piece, &ids);
  return ids;
}

Json SmallModel() {
  return Json::parse(R"({"type": "BPE",
    "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4, "abc": 5, "Ġ": 6, "Ġa": 7},
    "merges": [["b", "c"], ["a", "b"], ["ab", "c"], ["Ġ", "a"]]})");
}

TEST(BpeTest, TheMergeThatRanksFirstGoesFirst) {
  const Bpe bpe = Create(SmallModel()).value();
  EXPECT_THAT(Encode(bpe, "abb"), ElementsAre(3, 1));
  // b c before a b, and then nothing joins a and bc.
  EXPECT_THAT(Encode(bpe, "abc"), ElementsAre(0, 4));
}

TEST(BpeTest, IgnoreMergesTakesAWholePieceFromTheVocabulary) {
  Json model = SmallModel();
  model["ignore_merges"] = true;
  const Bpe bpe = Create(model).value();
  EXPECT_THAT(Encode(bpe, "abc"), ElementsAre(5));
  EXPECT_THAT(Encode(bpe, "abca"), ElementsAre(0, 4, 0));
}

TEST(BpeTest, MergesMayBeOneStringEach) {
  Json model = SmallModel();
  model["merges"] = {"#version: 0.2", "b c", "a b", "ab c"};
  const Bpe bpe = Create(model).value();
  EXPECT_THAT(Encode(bpe, "abcab"), ElementsAre(0, 4, 3));
}

TEST(BpeTest, APairGivenTwiceHasItsLastRank) {
  Json model = SmallModel();
  model["merges"] = {"b c", "a b", "b c"};
  EXPECT_THAT(Encode(Create(model).value(), "abc"), ElementsAre(3, 2));
}

TEST(BpeTest, BytesAreSpelledInGpt2sAlphabet) {
  const Bpe bpe = Create(SmallModel(), Bpe::Symbols::kBytes).value();
  EXPECT_THAT(Encode(bpe, " a a"), ElementsAre(7, 7));
  EXPECT_EQ(bpe.TokenToId("Ġa"), 7);
  EXPECT_EQ(bpe.TokenToId(" a"), std::nullopt);
}

TEST(BpeTest, ATokenThatNoBytesSpellKeepsItsId) {
  Json model = SmallModel();
  model["vocab"]["中"] = 8;
  const Bpe bpe = Create(model, Bpe::Symbols::kBytes).value();
  EXPECT_EQ(bpe.TokenToId("中"), 8);
  EXPECT_EQ(bpe.vocab_size(), 9);
  EXPECT_EQ(bpe.max_id(), 8);
  EXPECT_TRUE(Encode(bpe, "中").empty());
}

TEST(BpeTest, CharactersThatTheVocabularyLacksAreLeftOut) {
  const Bpe bpe = Create(SmallModel()).value();
  EXPECT_THAT(Encode(bpe, "a?b\xFF"), ElementsAre(3));
  EXPECT_TRUE(Encode(bpe, "").empty());
}

TEST(BpeTest, AnEmptyVocabularyEncodesEverythingToNothing) {
  const Bpe bpe =
      Create({{"type", "BPE"}, {"vocab", Json::object()}, {"merges", Json::array()}}).value();
  EXPECT_TRUE(Encode(bpe, "abc").empty());
  EXPECT_EQ(bpe.max_id(), -1);
}

// The definition, word for word: quadratic, and nothing clever.
TokenIds MergeByDefinition(std::vector<std::string> symbols,
                           const std::vector<std::pair<std::string, std::string>>& merges,
                           const Json& vocab) {
  for (;;) {
    size_t best_rank = merges.size(), best_at = 0;
    for (size_t at = 0; at + 1 < symbols.size(); ++at) {
      for (size_t rank = 0; rank < best_rank; ++rank) {
        if (merges[rank].first == symbols[at] && merges[rank].second == symbols[at + 1]) {
          best_rank = rank;
          best_at = at;
        }
      }
    }
    if (best_rank == merges.size()) break;
    symbols[best_at] += symbols[best_at + 1];
    symbols.erase(symbols.begin() + best_at + 1);
  }
  TokenIds ids;
  for (const std::string& symbol : symbols) ids.push_back(vocab.at(symbol).get<TokenId>());
  return ids;
}

// Also with an unknown token, which lets words be cut apart before they are merged.
TEST(BpeTest, RandomVocabulariesEncodeAsTheDefinitionSays) {
  std::mt19937 random(1);
  const auto below = [&random](size_t n) { return random() % n; };
  for (int round = 0; round < 160; ++round) {
    std::vector<std::string> tokens = {"a", "b", "c"};
    if (round % 8 < 4) tokens = {"a", "é", "▁"};
    Json vocab = {{tokens[0], 0}, {tokens[1], 1}, {tokens[2], 2}};
    std::vector<std::pair<std::string, std::string>> merges;
    std::set<std::pair<std::string, std::string>> seen;
    for (int i = 0; i < (round % 4 < 2 ? 25 : 4); ++i) {
      std::pair<std::string, std::string> merge = {tokens[below(tokens.size())],
                                                   tokens[below(tokens.size())]};
      if (!seen.insert(merge).second) continue;
      const std::string joined = merge.first + merge.second;
      if (!vocab.contains(joined)) {
        vocab[joined] = vocab.size();
        tokens.push_back(joined);
      }
      merges.push_back(std::move(merge));
    }
    std::shuffle(merges.begin(), merges.end(), random);
    vocab["?"] = vocab.size();
    Json model = {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}};
    if (round % 2 == 1) model["unk_token"] = "?";
    const Bpe bpe = Create(model).value();
    for (const size_t length : {1, 2, 3, 7, 20, 47, 48, 49, 50, 120}) {
      std::vector<std::string> symbols;
      std::string piece;
      for (size_t i = 0; i < length; ++i) {
        symbols.push_back(tokens[below(3)]);
        piece += symbols.back();
      }
      ASSERT_EQ(Encode(bpe, piece), MergeByDefinition(symbols, merges, vocab)) << piece;
    }
  }
}

// SmallModel with <unk> and the tokens of all bytes but 0xAD and 0xAE.
Json ModelWithFallback() {
  Json model = SmallModel();
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != 0xAD && byte != 0xAE)
      model["vocab"][absl::StrFormat("<0x%02X>", byte)] = 100 + byte;
  }
  model["vocab"]["<unk>"] = 99;
  model["byte_fallback"] = true;
  return model;
}

TEST(BpeTest, AnUnknownCharacterIsTheUnknownToken) {
  Json model = ModelWithFallback();
  model["unk_token"] = "<unk>";
  model["byte_fallback"] = false;
  EXPECT_THAT(Encode(Create(model).value(), "?a中文b"), ElementsAre(99, 0, 99, 99, 1));
  model["fuse_unk"] = true;
  EXPECT_THAT(Encode(Create(model).value(), "?a中文b中"), ElementsAre(99, 0, 99, 1, 99));
}

TEST(BpeTest, WithByteFallbackAnUnknownCharacterIsItsBytes) {
  EXPECT_THAT(Encode(Create(ModelWithFallback()).value(), "a\n文"),
              ElementsAre(0, 110, 100 + 0xE6, 100 + 0x96, 100 + 0x87));
}

TEST(BpeTest, ACharacterWithAByteThatHasNoTokenIsUnknownAsAWhole) {
  // U+4E2D is E4 B8 AD.
  Json model = ModelWithFallback();
  EXPECT_THAT(Encode(Create(model).value(), "a中b"), ElementsAre(3));
  model["unk_token"] = "<unk>";
  EXPECT_THAT(Encode(Create(model).value(), "a中b"), ElementsAre(0, 99, 1));
}

// As the reference does: what falls back to bytes does not end a run of unknown characters.
TEST(BpeTest, AnUnknownRunComesAfterTheBytesThatItsEndWaitsFor) {
  Json model = ModelWithFallback();
  model["unk_token"] = "<unk>";
  model["fuse_unk"] = true;
  EXPECT_THAT(Encode(Create(model).value(), "中\n中a"), ElementsAre(110, 99, 0));
  model["fuse_unk"] = false;
  EXPECT_THAT(Encode(Create(model).value(), "中\n中a"), ElementsAre(110, 99, 99, 0));
}

TEST(BpeTest, MergesMayJoinBytesAndTheUnknownToken) {
  Json model = ModelWithFallback();
  model["unk_token"] = "<unk>";
  model["vocab"].update({{"<0x0A><0x0A>", 400}, {"a<0x0A><0x0A>", 401}, {"<unk>b", 402}});
  model["merges"] = {"<0x0A> <0x0A>", "a <0x0A><0x0A>", "<unk> b"};
  EXPECT_THAT(Encode(Create(model).value(), "a\n\na\n中b"), ElementsAre(401, 0, 110, 402));
}

TEST(BpeTest, IgnoreMergesLooksAWholePieceUpAndNotItsWords) {
  Json model = ModelWithFallback();
  model["unk_token"] = "<unk>";
  model["ignore_merges"] = true;
  const Bpe bpe = Create(model).value();
  EXPECT_THAT(Encode(bpe, "abc"), ElementsAre(5));
  // Cut before the second a; neither part is the piece.
  EXPECT_THAT(Encode(bpe, "abcabc"), ElementsAre(0, 4, 0, 4));
}

TEST(BpeTest, OptionsThatChangeTheIdsAreUnimplementedByName) {
  const auto expect = [](const char* key, const Json& value, Bpe::Symbols symbols) {
    Json model = SmallModel();
    model[key] = value;
    EXPECT_THAT(Create(model, symbols),
                StatusIs(kUnimplemented, HasSubstr(absl::StrCat("model.", key))));
  };
  for (const auto symbols : {Bpe::Symbols::kBytes, Bpe::Symbols::kCharacters}) {
    expect("type", "Unigram", symbols);
    expect("dropout", 0.1, symbols);
    expect("continuing_subword_prefix", "##", symbols);
    expect("end_of_word_suffix", "</w>", symbols);
  }
  expect("unk_token", "a", Bpe::Symbols::kBytes);
  expect("fuse_unk", true, Bpe::Symbols::kBytes);
  expect("byte_fallback", true, Bpe::Symbols::kBytes);
}

TEST(BpeTest, TheSameOptionsSwitchedOffAreAccepted) {
  Json model = SmallModel();
  for (const char* key : {"dropout", "unk_token"}) model[key] = nullptr;
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) model[key] = "";
  for (const char* key : {"fuse_unk", "byte_fallback", "ignore_merges"}) model[key] = false;
  EXPECT_OK(Create(model));
}

TEST(BpeTest, ADamagedSectionIsDataLossNamingThePlace) {
  const auto expect = [](const Json& patch, const char* named) {
    Json model = SmallModel();
    model.update(patch);
    EXPECT_THAT(Create(model), StatusIs(kDataLoss, HasSubstr(named))) << patch;
  };
  expect({{"vocab", nullptr}}, "model.vocab");
  expect({{"vocab", Json::array()}}, "model.vocab");
  expect({{"vocab", {{"a", -1}}}}, "model.vocab");
  expect({{"vocab", {{"a", 1.5}}}}, "model.vocab");
  expect({{"vocab", {{"a", 2147483647}}}}, "model.vocab");
  expect({{"vocab", {{"a", 18446744073709551615u}}}}, "model.vocab");
  expect({{"vocab", {{"a", 1}, {"b", 1}}}}, "id 1");
  expect({{"merges", nullptr}}, "model.merges");
  expect({{"merges", {7}}}, "model.merges[0]");
  expect({{"merges", {"a b", "ab"}}}, "model.merges[1]");
  expect({{"merges", {"a b c"}}}, "model.merges[0]");
  expect({{"merges", {" b"}}}, "model.merges[0]");
  expect({{"merges", Json::array({Json::array({"a"})})}}, "model.merges[0]");
  expect({{"merges", Json::array({Json::array({"a", 7})})}}, "model.merges[0]");
  expect({{"merges", {"a z"}}}, "model.merges[0]");
  expect({{"merges", {"a a"}}}, "model.merges[0]");
  expect({{"ignore_merges", "yes"}}, "model.ignore_merges");
  expect({{"unk_token", "<unk>"}}, "model.unk_token: not in the vocabulary");
  expect({{"unk_token", 7}}, "model.unk_token");
  expect({{"fuse_unk", 7}}, "model.fuse_unk");
  expect({{"byte_fallback", "yes"}}, "model.byte_fallback");
}

}  // namespace
}  // namespace assay
