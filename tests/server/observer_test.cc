#include "server/observer.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(ObserverTest, TheSilentOneTakesEverything) {
  Observer* silent = Observer::Silent();
  EXPECT_EQ(silent, Observer::Silent());
  silent->OnRequest({});
  silent->OnBatch({});
  silent->OnRefusal(Refusal::kQueueFull);
  silent->OnDeadlineMissed(DeadlineStage::kQueue);
}

}  // namespace
}  // namespace assay
