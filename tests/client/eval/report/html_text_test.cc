#include "client/eval/report/html_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HtmlTextTest, MarkupIsOnlyText) {
  EXPECT_EQ(Html("</script><b class=\"x\">&'"),
            "&lt;/script&gt;&lt;b class=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(HtmlTextTest, ControlCharactersAreShownAsPicturesButLinesAndTabsStay) {
  EXPECT_EQ(Html(absl::string_view("\0\x01\x1b\x7f", 4)), "␀␁␛␡");
  EXPECT_EQ(Html("a\tb\nc\r\n"), "a\tb\nc␍\n");
}

TEST(HtmlTextTest, WhatHtmlForbidsIsReplaced) {
  // U+0085, U+FFFE, U+1FFFF and U+FDD0.
  EXPECT_EQ(Html("\xc2\x85|\xef\xbf\xbe|\xf0\x9f\xbf\xbf|\xef\xb7\x90"), "�|�|�|�");
  EXPECT_EQ(Html("a\xff\xc3(\xed\xa0\x80"), "a��(���");
}

TEST(HtmlTextTest, OtherTextIsLeftAsItIs) {
  for (const char* text : {"", "Prüfung 100 %", "שלום", "👩‍👩‍👧‍👦", "�"})
    EXPECT_EQ(Html(text), text);
}

TEST(HtmlTextTest, IdsAreTextOrDigits) {
  EXPECT_EQ(IdText("ref:7"), "ref:7");
  EXPECT_EQ(IdText(-12), "-12");
}

TEST(HtmlTextTest, NumbersHaveSignsAndProportionsPercents) {
  EXPECT_EQ(Signed(0.01234), "+0.0123");
  EXPECT_EQ(Signed(-4.5), "−4.5");
  EXPECT_EQ(Signed(0), "0");
  EXPECT_EQ(Signed(-0.0), "0");
  EXPECT_EQ(PercentText(0.6712), "67.1 %");
  EXPECT_EQ(IntervalText({0.5, 0.755}), "50.0 – 75.5 %");
}

TEST(HtmlTextTest, ATableNamesItsRowsAndColumnsAndScrollsInItsOwnBox) {
  const std::string table =
      Table("A <b>", {{"Name", Column::Kind::kText}, {"n<"}}, {{"x", "1"}, {"y", "2"}});
  EXPECT_THAT(table, HasSubstr("<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                               "aria-label=\"A &lt;b&gt;\"><table><caption>A &lt;b&gt;</caption>"));
  EXPECT_THAT(table, HasSubstr("<th scope=\"col\">Name</th><th scope=\"col\" class=\"n\">n&lt;"));
  EXPECT_THAT(table, HasSubstr("<tr><th scope=\"row\">x</th><td class=\"n\">1</td></tr>"));
  EXPECT_THAT(table, HasSubstr("<tr><th scope=\"row\">y</th><td class=\"n\">2</td></tr>"));
}

TEST(HtmlTextTest, OnlyALongTextMayBreakAnywhere) {
  const std::vector<Column> columns = {{"Name", Column::Kind::kText}};
  EXPECT_THAT(Table("t", columns, {{std::string(100, 'w')}}), HasSubstr("class=\"long\""));
  EXPECT_THAT(Table("t", columns, {{"ultrafeedback-overall_score"}}),
              Not(HasSubstr("class=\"long\"")));
}

TEST(HtmlTextTest, ASectionHasAnAnchorAndAHeadingThatNamesIt) {
  EXPECT_EQ(SectionHtml({.id = "a", .title = "A & B", .html = "<p>c</p>"}),
            "<section id=\"a\" aria-labelledby=\"a-title\"><h2 id=\"a-title\">A &amp; B</h2>\n"
            "<p>c</p></section>\n");
}

TEST(HtmlTextTest, PiecesAreElements) {
  EXPECT_EQ(Paragraph("<b>x</b>"), "<p><b>x</b></p>\n");
  EXPECT_EQ(Paragraph("x", "note"), "<p class=\"note\">x</p>\n");
  EXPECT_EQ(Figure("<svg></svg>", "c"), "<figure><svg></svg><figcaption>c</figcaption></figure>\n");
  EXPECT_EQ(Details("s", "<p>c</p>"), "<details><summary>s</summary><p>c</p></details>\n");
}

}  // namespace
}  // namespace assay::client
