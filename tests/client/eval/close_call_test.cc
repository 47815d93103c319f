#include "client/eval/close_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

ModelInfo MeasuredModel() {
  ModelInfo model;
  model.dtype = "bfloat16";
  model.score_error = ScoreError{.margin = {.n = 1234, .largest = 0.5, .percentile_99 = 0.25}};
  return model;
}

TEST(CloseCallTest, ScoresNearerThanTheMarginAreTooCloseToCall) {
  EXPECT_TRUE(TooClose(1, 1.25, 0.5));
  EXPECT_TRUE(TooClose(1.25, 1, 0.5));
  EXPECT_TRUE(TooClose(1, 1, 0.5));
  EXPECT_FALSE(TooClose(1, 1.5, 0.5));  // No nearer than the margin.
  EXPECT_FALSE(TooClose(1, 1, 0));      // An exact scorer's tie is a tie.
}

TEST(CloseCallTest, TheServersMarginIsThe99thPercentileOfItsMarginsError) {
  const auto call = FindCloseCall(std::nullopt, MeasuredModel());
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->margin, 0.25);
  EXPECT_EQ(CloseCallJson(call), Json({{"margin", 0.25}, {"source", "server"}}));
  EXPECT_THAT(DescribeCloseCall(call, MeasuredModel()),
              AllOf(HasSubstr("margins below 0.25"), HasSubstr("bfloat16 moves 99 of 100"),
                    HasSubstr("(1,234 measured)")));
}

TEST(CloseCallTest, TheUsersMarginWinsOverTheServers) {
  const auto call = FindCloseCall(0.125, MeasuredModel());
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->margin, 0.125);
  EXPECT_EQ(CloseCallJson(call), Json({{"margin", 0.125}, {"source", "user"}}));
  EXPECT_THAT(DescribeCloseCall(call, MeasuredModel()),
              HasSubstr("margins below 0.125, as --too-close says"));
}

TEST(CloseCallTest, WithoutEitherThereIsNoMarginAndThatIsSaid) {
  ModelInfo model = MeasuredModel();
  model.score_error.reset();
  const auto call = FindCloseCall(std::nullopt, model);
  EXPECT_FALSE(call.has_value());
  EXPECT_TRUE(CloseCallJson(call).is_null());
  EXPECT_THAT(DescribeCloseCall(call, model),
              AllOf(HasSubstr("not counted"), HasSubstr("bfloat16"), HasSubstr("--too-close")));
}

TEST(CloseCallTest, NothingIsTooCloseForTheReference) {
  ModelInfo model;
  model.dtype = "float32";
  model.score_error = ScoreError{};
  const auto call = FindCloseCall(std::nullopt, model);
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->margin, 0);
  EXPECT_THAT(DescribeCloseCall(call, model), HasSubstr("none, for float32"));
}

}  // namespace
}  // namespace assay::client
