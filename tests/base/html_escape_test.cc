#include "base/html_escape.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(HtmlEscapeTest, MarkupIsOnlyText) {
  EXPECT_EQ(EscapeHtml("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
  EXPECT_EQ(EscapeHtml("Prüfung 100 %"), "Prüfung 100 %");
}

TEST(HtmlEscapeTest, WhatIsEscapedAlreadyIsEscapedAgain) {
  EXPECT_EQ(EscapeHtml("&lt;"), "&amp;lt;");
  EXPECT_EQ(EscapeHtml(""), "");
}

}  // namespace
}  // namespace assay
