package trees

import "math/rand/v2"

// Place is where a node is, for maps.
type Place struct {
	Lat, Lon float64 // degrees
	Town     string
}

// Towns are where a population's nodes are drawn to be: towns of universities, most of them in North America as most of PlanetLab was.
// Which sites the paper's 81 nodes were at is not known. Coordinates are of the towns, to a tenth of a degree; places have no
// part in what trees do.
var Towns = []Place{
	{37.9, -122.3, "Berkeley"}, {37.4, -122.2, "Stanford"}, {34.1, -118.1, "Pasadena"}, {34.0, -118.3, "Los Angeles"}, {32.9, -117.2, "San Diego"},
	{34.4, -119.8, "Santa Barbara"}, {47.7, -122.3, "Seattle"}, {44.0, -123.1, "Eugene"}, {49.3, -123.2, "Vancouver"}, {40.8, -111.8, "Salt Lake City"},
	{32.2, -110.9, "Tucson"}, {40.0, -105.3, "Boulder"}, {30.3, -97.7, "Austin"}, {29.7, -95.4, "Houston"}, {38.6, -90.3, "St. Louis"},
	{43.1, -89.4, "Madison"}, {45.0, -93.2, "Minneapolis"}, {42.1, -87.7, "Evanston"}, {40.1, -88.2, "Urbana"}, {40.4, -86.9, "West Lafayette"},
	{42.3, -83.7, "Ann Arbor"}, {41.5, -81.6, "Cleveland"}, {40.4, -79.9, "Pittsburgh"}, {43.7, -79.4, "Toronto"}, {43.5, -80.5, "Waterloo"},
	{45.5, -73.6, "Montreal"}, {42.4, -76.5, "Ithaca"}, {43.1, -77.6, "Rochester"}, {42.4, -71.1, "Cambridge"}, {41.8, -71.4, "Providence"},
	{41.3, -72.9, "New Haven"}, {40.8, -74.0, "New York"}, {40.3, -74.7, "Princeton"}, {40.0, -75.2, "Philadelphia"}, {39.3, -76.6, "Baltimore"},
	{39.0, -76.9, "College Park"}, {38.0, -78.5, "Charlottesville"}, {36.0, -78.9, "Durham"}, {33.8, -84.4, "Atlanta"}, {29.6, -82.3, "Gainesville"},
	{52.2, 0.1, "Cambridge, UK"}, {51.5, -0.1, "London"}, {55.7, 12.6, "Copenhagen"}, {59.9, 17.6, "Uppsala"}, {52.5, 13.3, "Berlin"},
	{48.8, 2.2, "Paris"}, {47.4, 8.5, "Zurich"}, {44.5, 11.3, "Bologna"}, {32.1, 34.8, "Tel Aviv"}, {40.0, 116.3, "Beijing"},
	{35.7, 139.8, "Tokyo"}, {37.5, 126.9, "Seoul"}, {25.0, 121.5, "Taipei"}, {-33.9, 151.2, "Sydney"},
}

// NorthAmerican reports whether a place is in the part of the world that figure 6 shows.
func (p Place) NorthAmerican() bool { return p.Lon < -60 && p.Lat > 15 }

// places draws one for each node.
func places(nodes int, seed uint64) (all []Place) {
	dice := rand.New(rand.NewPCG(seed, 0x91ace)) // of its own, so that bandwidths and orders are what they would be without
	for range nodes {
		all = append(all, Towns[dice.IntN(len(Towns))])
	}
	return all
}
