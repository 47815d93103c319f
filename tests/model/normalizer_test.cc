#include "model/normalizer.h"

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

Json Replace(const std::string& pattern, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", {{"String", pattern}}}, {"content", content}};
}

Json Prepend(const std::string& text) { return {{"type", "Prepend"}, {"prepend", text}}; }

Json Sequence(const std::vector<Json>& parts) {
  return {{"type", "Sequence"}, {"normalizers", parts}};
}

std::string Apply(const Json& section, absl::string_view text) {
  std::string out = "what was there before";
  Normalizer::Create(&section).value().Apply(text, &out);
  return out;
}

TEST(NormalizerTest, WithoutASectionATextStaysAsItIs) {
  EXPECT_TRUE(Normalizer::Create(nullptr).value().is_identity());
  const Json empty = Sequence({});
  EXPECT_TRUE(Normalizer::Create(&empty).value().is_identity());
  EXPECT_EQ(Apply(empty, " a "), " a ");
}

TEST(NormalizerTest, ReplaceWritesEveryOccurrenceAnewFromLeftToRight) {
  EXPECT_EQ(Apply(Replace(" ", "▁"), " a  b "), "▁a▁▁b▁");
  EXPECT_EQ(Apply(Replace("aa", "b"), "aaaaa"), "bba");
  EXPECT_EQ(Apply(Replace("a", "aa"), "aba"), "aabaa");
  EXPECT_EQ(Apply(Replace("a", ""), "aaa"), "");
  EXPECT_EQ(Apply(Replace("中", "▁"), "a中"), "a▁");
}

TEST(NormalizerTest, PrependPutsItsTextBeforeWhatIsNotEmpty) {
  EXPECT_EQ(Apply(Prepend("▁"), "a"), "▁a");
  EXPECT_EQ(Apply(Prepend("▁"), ""), "");
  EXPECT_EQ(Apply(Prepend(""), "a"), "a");
}

TEST(NormalizerTest, ASequenceAppliesItsPartsInTheirOrder) {
  EXPECT_EQ(Apply(Sequence({Prepend(" "), Replace(" ", "▁")}), "a b"), "▁a▁b");
  EXPECT_EQ(Apply(Sequence({Replace(" ", "▁"), Sequence({Prepend(" ")})}), "a b"), " a▁b");
  EXPECT_EQ(Apply(Sequence({Replace("a", ""), Prepend("▁")}), "aa"), "");
}

TEST(NormalizerTest, OtherPartsAreUnimplementedByName) {
  const auto create = [](const Json& section) { return Normalizer::Create(&section).status(); };
  EXPECT_THAT(create({{"type", "NFC"}}),
              StatusIs(kUnimplemented, HasSubstr("normalizer.type: NFC")));
  EXPECT_THAT(create(Sequence({Prepend("x"), {{"type", "Lowercase"}}})),
              StatusIs(kUnimplemented, HasSubstr("normalizer.normalizers[1].type: Lowercase")));
  Json regex = Replace(" ", "x");
  regex["pattern"] = {{"Regex", " "}};
  EXPECT_THAT(create(regex), StatusIs(kUnimplemented, HasSubstr("normalizer.pattern.Regex")));
  EXPECT_THAT(create(Replace("", "x")), StatusIs(kUnimplemented, HasSubstr("pattern.String")));
  Json deep = Prepend("x");
  for (int i = 0; i < 9; ++i) deep = Sequence({deep});
  EXPECT_THAT(create(deep), StatusIs(kUnimplemented, HasSubstr("nested too deep")));
}

TEST(NormalizerTest, ASectionThatWouldBlowUpATextIsRefused) {
  const auto create = [](const Json& section) { return Normalizer::Create(&section).status(); };
  const std::string eight(8, 'a');
  EXPECT_OK(create(Sequence({Replace("a", eight), Replace("a", eight)})));
  EXPECT_THAT(create(Sequence({Replace("a", eight), Replace("a", eight), Replace("a", "aa")})),
              StatusIs(kUnimplemented, HasSubstr("normalizers[2].content")));
  EXPECT_THAT(create(Prepend(std::string(65, 'a'))),
              StatusIs(kUnimplemented, HasSubstr("normalizer.prepend")));
  EXPECT_THAT(create(Sequence(std::vector<Json>(65, Prepend("a")))),
              StatusIs(kUnimplemented, HasSubstr("normalizers[64].prepend")));
}

TEST(NormalizerTest, ADamagedSectionIsDataLossNamingThePlace) {
  const auto create = [](const Json& section) { return Normalizer::Create(&section).status(); };
  EXPECT_THAT(create(7), StatusIs(kDataLoss, HasSubstr("normalizer")));
  EXPECT_THAT(create(Json::object()), StatusIs(kDataLoss, HasSubstr("normalizer.type")));
  EXPECT_THAT(create({{"type", "Sequence"}}), StatusIs(kDataLoss, HasSubstr("normalizers")));
  EXPECT_THAT(create(Sequence({7})), StatusIs(kDataLoss, HasSubstr("normalizers[0]")));
  EXPECT_THAT(create({{"type", "Prepend"}}), StatusIs(kDataLoss, HasSubstr("prepend")));
  EXPECT_THAT(create({{"type", "Replace"}}), StatusIs(kDataLoss, HasSubstr("pattern")));
  Json replace = Replace("a", "b");
  replace["content"] = 7;
  EXPECT_THAT(create(replace), StatusIs(kDataLoss, HasSubstr("normalizer.content")));
  replace["pattern"] = Json::object();
  EXPECT_THAT(create(replace), StatusIs(kDataLoss, HasSubstr("normalizer.pattern.String")));
}

}  // namespace
}  // namespace assay
