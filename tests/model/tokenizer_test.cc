#include "model/tokenizer.h"

#include <random>
#include <string>

#include "absl/strings/str_replace.h"
#include "base/utf8.h"
#include "tests/model/tiny_tokenizer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kTinyFirstSpecial;
using testing::SpellFallback;
using testing::StatusIs;
using testing::TinyFallbackJson;
using testing::TinyTokenizer;
using testing::TinyTokenizerJson;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

absl::StatusOr<std::unique_ptr<Tokenizer>> Patched(const Json& patch) {
  Json file = TinyTokenizerJson();
  file.merge_patch(patch);
  for (const auto& [key, value] : patch.items()) {
    if (!value.is_object()) file[key] = value;
  }
  return Tokenizer::Create(file.dump());
}

TEST(TokenizerTest, PiecesAreMergedAndSpecialTokensAreNot) {
  const auto tokenizer = TinyTokenizer();
  EXPECT_THAT(tokenizer->Encode("hello world<|eot_id|>\n\n").value(),
              ElementsAre(259, 260, 261, 'l', 'd', kTinyFirstSpecial + 3, 262));
  EXPECT_TRUE(tokenizer->Encode("").value().empty());
}

TEST(TokenizerTest, EveryTextIsSpelledByItsTokensBytes) {
  const auto tokenizer = TinyTokenizer();
  const std::string merged[] = {"he", "ll", "hell", "hello", " w", "or", "\n\n"};
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) {
      char32_t rune = random() % 4 == 0 ? random() % 0x110000 : U" \nhelowrd'st1<|"[random() % 14];
      if (rune >= 0xD800 && rune <= 0xDFFF) rune = ' ';
      AppendUtf8(rune, &text);
    }
    std::string spelled;
    const TokenIds ids = tokenizer->Encode(text).value();
    for (const TokenId id : ids) {
      ASSERT_LT(id, kTinyFirstSpecial);
      spelled += id < 256 ? std::string(1, static_cast<char>(id)) : merged[id - 256];
    }
    ASSERT_EQ(spelled, text);
  }
}

TEST(TokenizerTest, TokensAreKnownByTheirText) {
  const auto tokenizer = TinyTokenizer();
  EXPECT_EQ(tokenizer->TokenToId("hello"), 259);
  EXPECT_EQ(tokenizer->TokenToId("[PAD]"), kTinyFirstSpecial + 6);
  EXPECT_EQ(tokenizer->TokenToId("absent"), std::nullopt);
  EXPECT_EQ(tokenizer->vocab_size(), kTinyFirstSpecial + 7);
  EXPECT_TRUE(tokenizer->IsHardBoundary("<|eot_id|>"));
  EXPECT_FALSE(tokenizer->IsHardBoundary("hello"));
}

TEST(TokenizerTest, TextThatIsNotUtf8IsRefusedWithItsPlace) {
  EXPECT_THAT(TinyTokenizer()->Encode("ab\xFF"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("byte 2")));
}

TEST(TokenizerTest, PartsThatDoNotTouchTheIdsAreAccepted) {
  const Json byte_level = {{"type", "ByteLevel"}};
  const Json post = {{"type", "TemplateProcessing"}};
  const Json sequence = {{"type", "Sequence"}, {"processors", {byte_level, post}}};
  for (const Json& processor : {Json(nullptr), byte_level, post, sequence}) {
    EXPECT_OK(Patched({{"post_processor", processor}}));
  }
  EXPECT_OK(Patched({{"normalizer", {{"type", "Sequence"}, {"normalizers", Json::array()}}}}));
  const auto limited = Patched({{"truncation", {{"max_length", 1}}}, {"padding", {{"pad_id", 0}}}});
  ASSERT_OK(limited);
  EXPECT_EQ((*limited)->Encode("abc").value().size(), 3);
}

TEST(TokenizerTest, OtherPartsAreUnimplementedByName) {
  EXPECT_THAT(Patched({{"normalizer", {{"type", "NFC"}}}}),
              StatusIs(kUnimplemented, HasSubstr("normalizer.type: NFC")));
  EXPECT_THAT(Patched({{"post_processor", {{"type", "BertProcessing"}}}}),
              StatusIs(kUnimplemented, HasSubstr("BertProcessing")));
  EXPECT_THAT(Patched({{"model", {{"type", "WordPiece"}}}}),
              StatusIs(kUnimplemented, HasSubstr("WordPiece")));
  Json deep = {{"type", "ByteLevel"}};
  for (int i = 0; i < 9; ++i) deep = {{"type", "Sequence"}, {"processors", Json::array({deep})}};
  EXPECT_THAT(Patched({{"post_processor", deep}}), StatusIs(kUnimplemented));
}

TEST(TokenizerTest, DamagedFilesAreDataLossByName) {
  EXPECT_THAT(Tokenizer::Create(""), StatusIs(kDataLoss, HasSubstr("tokenizer.json")));
  EXPECT_THAT(Tokenizer::Create("[]"), StatusIs(kDataLoss));
  EXPECT_THAT(Patched({{"model", 7}}), StatusIs(kDataLoss, HasSubstr("model")));
  EXPECT_THAT(Patched({{"normalizer", 7}}), StatusIs(kDataLoss, HasSubstr("normalizer")));
  EXPECT_THAT(Patched({{"post_processor", "x"}}), StatusIs(kDataLoss, HasSubstr("post_processor")));
  EXPECT_THAT(Patched({{"added_tokens", "x"}}), StatusIs(kDataLoss, HasSubstr("added_tokens")));
}

TEST(TokenizerTest, WithoutAByteLevelStepTheVocabularyIsAboutCharacters) {
  Json file = TinyTokenizerJson();
  file["pre_tokenizer"] = nullptr;
  file["model"]["vocab"] = {{"中", 0}, {"文", 1}, {"中文", 2}};
  file["model"]["merges"] = {"中 文"};
  file["added_tokens"] = Json::array();
  ASSERT_OK_AND_ASSIGN(const auto tokenizer, Tokenizer::Create(file.dump()));
  EXPECT_THAT(tokenizer->Encode("文中文").value(), ElementsAre(1, 2));
}

TEST(TokenizerTest, EachStretchBetweenAddedTokensIsNormalizedOnItsOwn) {
  Json file = TinyFallbackJson();
  ASSERT_OK_AND_ASSIGN(const auto plain, Tokenizer::Create(file.dump()));
  EXPECT_EQ(SpellFallback(plain->Encode("a b<|im_end|> c").value()), "a▁b<|im_end|>▁c");
  const Json prepend = {{"type", "Prepend"}, {"prepend", "▁"}};
  Json& steps = file["normalizer"]["normalizers"];
  steps = Json::array({prepend, steps[0]});
  ASSERT_OK_AND_ASSIGN(const auto prepending, Tokenizer::Create(file.dump()));
  EXPECT_EQ(SpellFallback(prepending->Encode("a b<|im_end|><|im_end|> c").value()),
            "▁a▁b<|im_end|><|im_end|>▁▁c");
  EXPECT_TRUE(prepending->Encode("").value().empty());
}

TEST(TokenizerTest, ANormalizedTokenIsFoundInTheNormalForm) {
  Json file = TinyFallbackJson();
  Json& token = file["added_tokens"][6];
  const TokenId id = token["id"].get<TokenId>();
  token["content"] = "of the";
  token["normalized"] = true;
  ASSERT_OK_AND_ASSIGN(const auto tokenizer, Tokenizer::Create(file.dump()));
  EXPECT_THAT(tokenizer->Encode("of the").value(), ElementsAre(id));
  EXPECT_THAT(tokenizer->Encode("of▁the<|eot_id|>of the").value(), ElementsAre(id, id - 3, id));
}

TEST(TokenizerTest, WithByteFallbackEveryTextIsSpelledByItsTokens) {
  ASSERT_OK_AND_ASSIGN(const auto tokenizer, Tokenizer::Create(TinyFallbackJson().dump()));
  std::mt19937 random(8);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      char32_t rune = random() % 4 == 0 ? random() % 0x110000 : U" \nhelowré▁'st1<|"[random() % 16];
      if (rune >= 0xD800 && rune <= 0xDFFF) rune = ' ';
      AppendUtf8(rune, &text);
    }
    ASSERT_EQ(SpellFallback(tokenizer->Encode(text).value()),
              absl::StrReplaceAll(text, {{" ", "▁"}}));
  }
}

TEST(TokenizerTest, AMegabyteWithoutAPreTokenizerIsNotQuadratic) {
  ASSERT_OK_AND_ASSIGN(const auto tokenizer, Tokenizer::Create(TinyFallbackJson().dump()));
  EXPECT_EQ(tokenizer->Encode(std::string(1 << 20, 'l')).value().size(), 1 << 19);
  std::string words;
  while (words.size() < 1 << 20) words += " world";
  EXPECT_EQ(tokenizer->Encode(words).value().size(), words.size() / 6 * 4);
}

}  // namespace
}  // namespace assay
