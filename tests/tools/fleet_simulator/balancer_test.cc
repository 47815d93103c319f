#include "tools/fleet_simulator/balancer.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::fleet {
namespace {

Balancer BalancerOf(int replicas) {
  Balancer balancer;
  for (int i = 0; i < replicas; ++i) balancer.Add(i);
  return balancer;
}

TEST(BalancerTest, CallsGoRoundEvenly) {
  Balancer balancer = BalancerOf(7);
  std::vector<int> calls(7);
  for (int i = 0; i < 700; ++i) {
    const int replica = *balancer.Choose({});
    balancer.Began(replica);
    calls[replica] += 1;
    balancer.Ended(replica);
  }
  EXPECT_EQ(calls, std::vector<int>(7, 100));
}

// Of a thousand calls, those that go to replica 2, which answers none; the others answer at once.
int CallsToOneThatDoesNotAnswer(Balancer& balancer) {
  int stuck = 0;
  for (int i = 0; i < 1000; ++i) {
    const int replica = *balancer.Choose({});
    balancer.Began(replica);
    if (replica == 2) {
      ++stuck;
    } else {
      balancer.Ended(replica);
    }
  }
  return stuck;
}

TEST(BalancerTest, OneThatDoesNotAnswerGathersNoMoreThanItsShare) {
  Balancer balancer = BalancerOf(4);
  // With s open calls, all of them its own, the bound is ceil(1.25 (s + 1) / 4) + 1.
  EXPECT_EQ(CallsToOneThatDoesNotAnswer(balancer), 2);
}

TEST(BalancerTest, WithoutABoundOneThatDoesNotAnswerIsCalledAllTheSame) {
  Balancer balancer(/*bounded=*/false);
  for (int i = 0; i < 4; ++i) balancer.Add(i);
  EXPECT_EQ(CallsToOneThatDoesNotAnswer(balancer), 250);
}

TEST(BalancerTest, OneThatTheCallHasMetIsLeftOutWhileThereAreOthers) {
  Balancer balancer = BalancerOf(2);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(balancer.Choose({0}), 1);
  EXPECT_TRUE(balancer.Choose({0, 1}).has_value());
}

TEST(BalancerTest, ReplicasThatGoAreCalledNoMore) {
  Balancer balancer = BalancerOf(2);
  balancer.Began(0);
  balancer.Remove(0);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(balancer.Choose({}), 1);
  balancer.Ended(0);
  balancer.Remove(1);
  EXPECT_FALSE(balancer.Choose({}).has_value());
}

}  // namespace
}  // namespace assay::fleet
