#include "client/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ExplanationTest, TheTopCoefficientsGoByMagnitudeNotBySign) {
  EXPECT_THAT(TopCoefficients({0.01F, -0.10864F, 0.07861F, 0.19922F}, 3), ElementsAre(3, 1, 2));
}

TEST(ExplanationTest, EqualCoefficientsKeepTheirOrderAndFewerThanAskedAreAll) {
  EXPECT_THAT(TopCoefficients({0.5F, -0.5F, 0.5F}, 2), ElementsAre(0, 1));
  EXPECT_THAT(TopCoefficients({0.5F}, 3), ElementsAre(0));
  EXPECT_THAT(TopCoefficients({}, 3), IsEmpty());
  EXPECT_THAT(TopCoefficients({0.5F}, 0), IsEmpty());
}

// The five values that ArmoRM's demonstration prints, from the raw rewards they come from.
TEST(ExplanationTest, TheHelpSteerScaleIsTheDemonstrations) {
  EXPECT_EQ(HelpSteerScale(0.65625F), 2.78125F);
  EXPECT_EQ(HelpSteerScale(0.671875F), 2.859375F);
  EXPECT_EQ(HelpSteerScale(0.796875F), 3.484375F);
  EXPECT_NEAR(HelpSteerScale(0.376953125F), 1.3847656F, 1e-6);
  EXPECT_EQ(HelpSteerScale(0.359375F), 1.296875F);
}

TEST(ExplanationTest, OnlyNamesThatBeginWithHelpSteerAreOnItsScale) {
  EXPECT_TRUE(IsHelpSteer("helpsteer-verbosity"));
  EXPECT_FALSE(IsHelpSteer("ultrafeedback-helpfulness"));
  EXPECT_FALSE(IsHelpSteer("helpsteer"));
}

TEST(ExplanationTest, TheObjectivesMarginsAddUpToTheMargin) {
  const Score chosen = {
      .score = 0.5F * 3 - 0.25F * 2, .rewards = {3, 2}, .coefficients = {0.5F, -0.25F}};
  const Score rejected = {
      .score = 0.5F * 1 - 0.25F * 6, .rewards = {1, 6}, .coefficients = {0.5F, -0.25F}};
  const std::vector<float> margins = MarginByObjective(chosen, rejected);
  EXPECT_THAT(margins, ElementsAre(1, 1));
  EXPECT_EQ(std::accumulate(margins.begin(), margins.end(), 0.0F), chosen.score - rejected.score);
}

TEST(ExplanationTest, WithoutObjectivesThereAreNoMarginsByObjective) {
  EXPECT_THAT(MarginByObjective({.score = 1}, {.score = 0}), IsEmpty());
  EXPECT_THAT(MarginByObjective({.rewards = {1}, .coefficients = {1}}, {.rewards = {1, 2}}),
              IsEmpty());
}

}  // namespace
}  // namespace assay::client
