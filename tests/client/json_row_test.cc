#include "client/json_row.h"

#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Json RowOf(const std::string& text) { return *ParseJsonObject(text); }

auto Refuses(const std::string& what) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
}

TEST(JsonRowTest, FieldsKeepTheirOrderAndTheirValues) {
  const std::string line =
      R"({"z":1,"a":[null,true,"ä\u0000😀"],"m":{"k":-0.25},"id":9007199254740993})";
  EXPECT_EQ(DumpLine(RowOf(line)), line);
}

TEST(JsonRowTest, WhatIsNotJsonIsRefusedByItsByteAndNotEchoed) {
  EXPECT_THAT(ParseJsonObject(R"({"a": secret})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("byte 7"), Not(HasSubstr("secret")))));
  EXPECT_THAT(ParseJsonObject(""), Refuses("not JSON"));
  EXPECT_THAT(ParseJsonObject("{} {}"), Refuses("not JSON"));
  EXPECT_THAT(ParseJsonObject("{\"a\": \"\xFF\"}"), Refuses("not JSON"));
  EXPECT_THAT(ParseJsonObject(R"({"a": "\ud800"})"), Refuses("not JSON"));
  EXPECT_THAT(ParseJsonObject(R"({"a": 1e999})"), Refuses("number out of range"));
  EXPECT_THAT(ParseJsonObject("[1]"), Refuses("not a JSON object"));
}

TEST(JsonRowTest, DeepNestingIsRefusedBeforeItCostsStack) {
  const auto nested = [](int levels) {
    return absl::StrCat("{\"a\": ", std::string(levels - 1, '['), std::string(levels - 1, ']'),
                        "}");
  };
  EXPECT_THAT(ParseJsonObject(nested(100)), IsOk());
  EXPECT_THAT(ParseJsonObject(nested(101)), Refuses("nested"));
  EXPECT_THAT(ParseJsonObject(std::string(1 << 20, '[')), Refuses("nested"));
  EXPECT_THAT(ParseJsonObject(absl::StrCat("{\"a\": \"\\\"", std::string(500, '['), "\"}")),
              IsOk());  // Only text.
}

TEST(JsonRowTest, AnyBytesAreAnObjectOrAnError) {
  std::mt19937 dice(7);
  const std::string alphabet = "{}[]\",:\\ 01eE.-untrfalse\xC3\xA4\x00";
  for (int i = 0; i < 20'000; ++i) {
    std::string line = "{";
    for (int n = static_cast<int>(dice() % 30); n > 0; --n)
      line += alphabet[dice() % alphabet.size()];
    const auto row = ParseJsonObject(line);
    if (!row.ok()) continue;
    const auto again = ParseJsonObject(DumpLine(*row));
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(*again, *row);
  }
}

TEST(JsonRowTest, APromptIsTextOrAListOfTurns) {
  ASSERT_OK_AND_ASSIGN(const auto text, PromptField(RowOf(R"({"prompt": "hi"})")));
  ASSERT_EQ(text.size(), 1);
  EXPECT_EQ(text[0].role, "user");
  EXPECT_EQ(text[0].content, "hi");
  ASSERT_OK_AND_ASSIGN(const auto list,
                       PromptField(RowOf(R"({"prompt": [{"role": "system", "content": "s", "x": 1},
                                                                        {"role": "user", "content": ""}]})")));
  ASSERT_EQ(list.size(), 2);
  EXPECT_EQ(list[0].role, "system");
  EXPECT_EQ(list[1].content, "");
}

TEST(JsonRowTest, AWrongTurnIsNamedByItsPath) {
  EXPECT_THAT(PromptField(RowOf("{}")), Refuses("\"prompt\" is missing"));
  EXPECT_THAT(PromptField(RowOf(R"({"prompt": 3})")), Refuses("\"prompt\" is neither"));
  EXPECT_THAT(PromptField(RowOf(R"({"prompt": []})")), Refuses("\"prompt\" is not a list"));
  EXPECT_THAT(PromptField(RowOf(R"({"prompt": ["x"]})")), Refuses("\"prompt[0]\""));
  EXPECT_THAT(PromptField(RowOf(R"({"prompt": [{"role": "user"}]})")),
              Refuses("\"prompt[0].content\" is missing"));
  EXPECT_THAT(PromptField(RowOf(R"({"prompt": [{"role": 1, "content": ""}]})")),
              Refuses("\"prompt[0].role\" is not text"));
  EXPECT_THAT(
      PromptField(RowOf(
          R"({"prompt": [{"role": "user", "content": ""}, {"role": "secret", "content": ""}]})")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("\"prompt[1].role\""), Not(HasSubstr("secret")))));
  EXPECT_THAT(StringField(RowOf(R"({"chosen": null})"), "chosen"),
              Refuses("\"chosen\" is not text"));
}

TEST(JsonRowTest, AFloatIsWrittenShortAndReadsBackTheSame) {
  EXPECT_EQ(DumpLine(JsonNumber(0.1F)), "0.1");
  EXPECT_EQ(DumpLine(JsonNumbers({-1.5F, 0})), "[-1.5,0.0]");
  std::mt19937 dice(1);
  for (int i = 0; i < 10'000; ++i) {
    const float value = std::generate_canonical<float, 24>(dice) * 2e3F - 1e3F;
    EXPECT_EQ(Json::parse(DumpLine(JsonNumber(value))).get<float>(), value);
  }
  for (const float value :
       {std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}) {
    EXPECT_EQ(Json::parse(DumpLine(JsonNumber(value))).get<float>(), value);
  }
}

TEST(JsonRowTest, AnErrorHasACodeByNameAndForeignBytesCannotBreakTheLine) {
  const std::string line = DumpLine(JsonError(absl::NotFoundError("gone\n\xFF")));
  EXPECT_THAT(line, HasSubstr(R"("code":"NOT_FOUND")"));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_THAT(ParseJsonObject(line), IsOk());
}

}  // namespace
}  // namespace assay::client
