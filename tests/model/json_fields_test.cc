#include "model/json_fields.h"

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

TEST(ParseJsonTest, WhatIsNotJsonIsDataLossNamingTheFile) {
  for (const char* text :
       {"", "{", "{\"a\":1,}", "nul", "[1e999]", "\"\xFF\"", "\"\\ud800\"", "{} x"}) {
    EXPECT_THAT(ParseJson(text, "config.json"), StatusIs(kDataLoss, HasSubstr("config.json")))
        << text;
  }
}

TEST(ParseJsonTest, NestingIsBounded) {
  EXPECT_THAT(ParseJson(std::string(64, '[') + std::string(64, ']'), "f"), IsOk());
  EXPECT_THAT(ParseJson(std::string(65, '[') + std::string(65, ']'), "f"),
              StatusIs(kDataLoss, HasSubstr("nested")));
  EXPECT_THAT(ParseJson(std::string(10000000, '['), "f"), StatusIs(kDataLoss));
}

TEST(ParseJsonTest, BracketsInStringsDoNotNest) {
  EXPECT_THAT(ParseJson("\"\\\"" + std::string(100, '[') + "\"", "f"), IsOk());
}

class JsonFieldsTest : public ::testing::Test {
 protected:
  const Json document_ = Json::parse(R"({"whole": 7, "real": 0.5, "text": "x", "flag": true,
      "none": null, "list": [], "inner": {"deep": -1}, "huge": 18446744073709551615})");
  const JsonFields fields_ = JsonFields::Of(document_, "").value();
};

TEST_F(JsonFieldsTest, ValuesOfTheRightTypeAreRead) {
  EXPECT_EQ(fields_.Integer("whole", 0, 7).value(), 7);
  EXPECT_EQ(fields_.Number("real", 0, 1).value(), 0.5);
  EXPECT_EQ(fields_.Number("whole", 0, 10).value(), 7);
  EXPECT_EQ(fields_.String("text").value(), "x");
  EXPECT_EQ(fields_.BoolOr("flag", false).value(), true);
  EXPECT_TRUE(fields_.Array("list").value()->empty());
  EXPECT_EQ(fields_.Object("inner").value().Integer("deep", -1, 0).value(), -1);
}

TEST_F(JsonFieldsTest, AnAbsentKeyAndANullKeyAreTheSame) {
  for (const char* key : {"none", "nowhere"}) {
    EXPECT_FALSE(fields_.Has(key));
    EXPECT_EQ(fields_.IntegerOr(key, 3, 0, 9).value(), 3);
    EXPECT_EQ(fields_.NumberOr(key, 0.25, 0, 9).value(), 0.25);
    EXPECT_EQ(fields_.BoolOr(key, true).value(), true);
    EXPECT_THAT(fields_.String(key), StatusIs(kDataLoss, HasSubstr(key)));
  }
}

TEST_F(JsonFieldsTest, AWrongTypeNamesTheKey) {
  EXPECT_THAT(fields_.Integer("real", 0, 9), StatusIs(kDataLoss, HasSubstr("real")));
  EXPECT_THAT(fields_.Number("text", 0, 9), StatusIs(kDataLoss, HasSubstr("text")));
  EXPECT_THAT(fields_.String("whole"), StatusIs(kDataLoss, HasSubstr("whole")));
  EXPECT_THAT(fields_.Object("list"), StatusIs(kDataLoss, HasSubstr("list")));
  EXPECT_THAT(fields_.Array("inner"), StatusIs(kDataLoss, HasSubstr("inner")));
  EXPECT_THAT(fields_.BoolOr("whole", true), StatusIs(kDataLoss, HasSubstr("whole")));
  EXPECT_THAT(JsonFields::Of(document_["list"], "here"), StatusIs(kDataLoss, HasSubstr("here")));
}

TEST_F(JsonFieldsTest, ANumberOutsideItsRangeNamesTheWholePath) {
  const JsonFields inner = fields_.Object("inner").value();
  EXPECT_THAT(inner.Integer("deep", 0, 9), StatusIs(kDataLoss, HasSubstr("inner.deep")));
  EXPECT_THAT(fields_.Integer("whole", 0, 6), StatusIs(kDataLoss, HasSubstr("whole")));
  EXPECT_THAT(fields_.Number("real", 0.6, 1), StatusIs(kDataLoss, HasSubstr("real")));
}

TEST_F(JsonFieldsTest, AnIntegerBeyondSixtyThreeBitsIsOutsideEveryRange) {
  EXPECT_THAT(fields_.Integer("huge", INT64_MIN, INT64_MAX),
              StatusIs(kDataLoss, HasSubstr("huge")));
}

}  // namespace
}  // namespace assay
