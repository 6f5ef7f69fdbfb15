package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// work does one operation; worker tells the goroutines apart.
type work func(worker int, random *rand.Rand) error

// result is what one measurement gave.
type result struct {
	rate     float64 // operations a second
	p50, p99 time.Duration
	failed   int
}

// drive has n workers do the work for a time, one operation after the other.
func drive(do work, n int, d time.Duration) result {
	took := make([][]time.Duration, n)
	failed := make([]int, n)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range n {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(began.UnixNano()), uint64(i)))
			for {
				start := time.Now()
				if start.Sub(began) >= d {
					return
				}
				if err := do(i, random); err != nil {
					failed[i]++
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(began)
	all := slices.Concat(took...)
	slices.Sort(all)
	r := result{rate: float64(len(all)) / elapsed.Seconds(), p50: all[len(all)/2], p99: all[len(all)*99/100]}
	for _, f := range failed {
		r.failed += f
	}
	return r
}

// middle is the median.
func middle(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// median is the result of the middle rate, with the middle latencies.
func median(rounds []result) result {
	var m result
	rates := make([]float64, len(rounds))
	p50, p99 := make([]time.Duration, len(rounds)), make([]time.Duration, len(rounds))
	for i, r := range rounds {
		rates[i], p50[i], p99[i] = r.rate, r.p50, r.p99
		m.failed += r.failed
	}
	slices.Sort(rates)
	slices.Sort(p50)
	slices.Sort(p99)
	middle := len(rounds) / 2
	m.rate, m.p50, m.p99 = rates[middle], p50[middle], p99[middle]
	return m
}

// client keeps a connection for every worker.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true}}

// send sends one request, with headers as names and values in turn, and reads
// the whole answer.
func send(method, url, token string, body []byte, want int, headers ...string) error {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	request.Header.Set("Authorization", token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
