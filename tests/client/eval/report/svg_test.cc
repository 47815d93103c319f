#include "client/eval/report/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace assay::client {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SvgTest, MarksAreElementsWithTenthsOfAUnit) {
  EXPECT_EQ(SvgText(1.26, 2, Anchor::kEnd, "soft", "a<b"),
            "<text x=\"1.3\" y=\"2.0\" text-anchor=\"end\" class=\"soft\">a&lt;b</text>");
  EXPECT_EQ(SvgLine(0, 1, 2, 3, "axis"),
            "<line x1=\"0.0\" y1=\"1.0\" x2=\"2.0\" y2=\"3.0\" class=\"axis\"/>");
  EXPECT_EQ(SvgRect(-0.01, 1, 2, 3, "win"),
            "<rect x=\"0.0\" y=\"1.0\" width=\"2.0\" height=\"3.0\" class=\"win\"/>");
}

TEST(SvgTest, EveryShapeLooksDifferent) {
  std::set<std::string> seen;
  for (const Shape shape : {Shape::kDisc, Shape::kCircle, Shape::kSquare, Shape::kTriangle,
                            Shape::kDiamond, Shape::kCross}) {
    EXPECT_TRUE(seen.insert(SvgMark(shape, 0, 0, "one")).second);
  }
  EXPECT_THAT(SvgMark(Shape::kDisc, 0, 0, "one"), HasSubstr(" full\""));
}

TEST(SvgTest, APictureSaysWhatItShowsAndScales) {
  EXPECT_EQ(
      SvgPicture(10, 20, "a \"b\"", "<g/>"),
      "<svg viewBox=\"0 0 10.0 20.0\" role=\"img\" aria-label=\"a &quot;b&quot;\"><g/></svg>");
}

TEST(SvgTest, BothLayoutsAreThereForTheStyleSheetToChoose) {
  EXPECT_EQ(BothLayouts([](Layout layout) { return layout == Layout::kWide ? "W" : "N"; }),
            "<div class=\"wide\">W</div><div class=\"narrow\">N</div>");
  EXPECT_LT(WidthOf(Layout::kNarrow), 380);
}

TEST(SvgTest, ATextThatDoesNotFitKeepsItsBeginningAndItsEnd) {
  EXPECT_EQ(FitText("short", 100), "short");
  const std::string fitted = FitText("llmbar-adversarial-neighbours", 100);
  EXPECT_LE(TextWidth(fitted), 100);
  EXPECT_THAT(fitted, HasSubstr("llmbar"));
  EXPECT_THAT(fitted, HasSubstr("…"));
  EXPECT_THAT(fitted, HasSubstr("ours"));
  // Whole characters, also where there is hardly any room.
  EXPECT_EQ(FitText("äöüßäöüß", 1), "ä…ß");
  EXPECT_EQ(TextWidth("äöü"), TextWidth("aou"));
}

TEST(SvgTest, FiguresUnderAnAxisStayInsideThePicture) {
  EXPECT_THAT(SvgTick(2, 9, 340, "100 %"), HasSubstr("x=\"23.0\""));
  EXPECT_THAT(SvgTick(339, 9, 340, "100 %"), HasSubstr("x=\"317.0\""));
  EXPECT_THAT(SvgTick(170, 9, 340, "0"), HasSubstr("x=\"170.0\""));
}

TEST(SvgTest, AScaleRunsEitherWay) {
  const Scale y = {0, 2, 100, 0};
  EXPECT_EQ(y(0), 100);
  EXPECT_EQ(y(2), 0);
  EXPECT_EQ(y(0.5), 75);
}

TEST(SvgTest, StepsAreRound) {
  EXPECT_DOUBLE_EQ(NiceStep(0.07), 0.1);
  EXPECT_DOUBLE_EQ(NiceStep(0.1), 0.1);
  EXPECT_DOUBLE_EQ(NiceStep(1.2), 2);
  EXPECT_DOUBLE_EQ(NiceStep(23), 25);
  EXPECT_DOUBLE_EQ(NiceStep(26), 50);
  EXPECT_DOUBLE_EQ(NiceStep(51), 100);
}

TEST(SvgTest, TicksAreMultiplesInsideTheRangeAndNotTooMany) {
  EXPECT_THAT(Ticks(0, 1, 6), ElementsAre(0, DoubleEq(0.2), DoubleEq(0.4), DoubleEq(0.2 * 3),
                                          DoubleEq(0.8), DoubleEq(1)));
  EXPECT_THAT(Ticks(-0.3, 0.3, 5), ElementsAre(DoubleEq(-0.2), 0, DoubleEq(0.2)));
  for (const double high : {0.001, 0.7, 3.0, 19.0, 123456.0}) {
    for (const int most : {2, 5, 11}) {
      EXPECT_LE(Ticks(0, high, most).size(), static_cast<size_t>(most));
      EXPECT_GE(Ticks(-high, high, most).size(), 1U);
    }
  }
}

}  // namespace
}  // namespace assay::client
